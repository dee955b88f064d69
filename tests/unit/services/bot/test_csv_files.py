"""Rows reach the file in order, off the caller's thread, and never under a foreign header."""

from services.bot.csv_files import CsvFiles, read_rows
from services.common.clock import SystemClock


def files(tmp_path, columns=("ts", "x"), **kwargs):
    return CsvFiles({"minute": (tmp_path / "minute.csv", columns)}, SystemClock(), **kwargs)


def test_rows_are_on_disk_in_order_after_close(tmp_path):
    writer = files(tmp_path)
    for i in range(25):
        writer.append("minute", {"ts": str(i), "x": "a,b"})
    assert writer.close()
    assert [row["ts"] for row in read_rows(tmp_path / "minute.csv")] == [str(i) for i in range(25)]
    assert read_rows(tmp_path / "minute.csv")[0]["x"] == "a,b"


def test_a_second_life_appends_without_a_second_header(tmp_path):
    for i in range(2):
        writer = files(tmp_path)
        writer.append("minute", {"ts": str(i), "x": ""})
        assert writer.close()
    assert (tmp_path / "minute.csv").read_text() == "ts,x\n0,\n1,\n"


def test_a_file_with_other_columns_is_put_aside_and_kept(tmp_path):
    (tmp_path / "minute.csv").write_text("ts,old\n1,2\n")
    writer = files(tmp_path)
    writer.append("minute", {"ts": "3", "x": "4"})
    assert writer.close()
    assert read_rows(tmp_path / "minute.csv") == [{"ts": "3", "x": "4"}]
    [aside] = tmp_path.glob("minute.until*.csv")
    assert aside.read_text() == "ts,old\n1,2\n"


def test_rows_that_could_not_be_written_are_kept_and_said(tmp_path):
    (tmp_path / "minute.csv").mkdir()
    writer = files(tmp_path, flush_every_ms=20)
    writer.append("minute", {"ts": "1", "x": "2"})
    assert not writer.close()
    assert "minute.csv" in writer.error
