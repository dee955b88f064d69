"""The floor of the bench is an exchange by the desk's own way, counted once each."""

from scripts.desk.bench_bare import Bare, start


async def test_a_slice_makes_as_many_exchanges_as_the_rate_says_and_the_connecting_one_is_not_counted():
    front, port = await start(0)
    bare = Bare(f"http://127.0.0.1:{port}")
    try:
        await bare.slice(5)
        assert len(bare.samples_ns) == 5
        assert all(sample > 0 for sample in bare.samples_ns)
        assert len(front.connections) == 1, "one connection, used again"
    finally:
        await bare.close()
        await front.close(0.2)
