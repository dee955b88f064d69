"""What `desk up` refuses before it starts anything: files, flags and pairs that a process would refuse seconds later,
while the others are already up.
"""

from pathlib import Path

from scripts.desk.config import SUPPLIED, check_file, service_settings
from scripts.desk.supervisor.plan import BOT_PREFIX, UpOptions, overrides_by_service
from services.common.errors import ConfigError, NotFound

POSTGRES_SCHEMES = ("postgresql://", "postgres://")


def refuse_bad_input(options: UpOptions) -> None:
    """Raises the first fault found: ConfigError with path, value, allowed range and example, or NotFound."""
    _run_dir(options.run_dir)
    _server_urls(options)
    overrides = overrides_by_service(options.overrides, options.bots)
    _policies(options.data_dir)
    listed = _services(options, overrides)
    for bot in options.bots:
        _bot(options.data_dir, bot, overrides.get(BOT_PREFIX + bot, []), listed)


def _run_dir(run_dir: Path) -> None:
    probe = run_dir / ".probe"
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        text = f"--run-dir {run_dir} cannot be made or written: {error.strerror}"
        raise ConfigError(
            "RUN_DIR_UNUSABLE", text, "desk up --run-dir <a directory of yours>; ls -ld says whose it is"
        ) from error


def _server_urls(options: UpOptions) -> None:
    """Their form only: a server that is away for a while is waited for."""
    from redis.asyncio.connection import parse_url

    if options.redis_url is not None:
        try:
            parse_url(options.redis_url)
        except ValueError as error:
            text = f"--redis-url {options.redis_url}: {error}"
            raise ConfigError("URL_INVALID", text, "desk up --redis-url redis://127.0.0.1:6379/0") from error
    if options.postgres_url is not None and not options.postgres_url.startswith(POSTGRES_SCHEMES):
        raise ConfigError(
            "URL_INVALID",
            f"--postgres-url {options.postgres_url}: it begins with {' or '.join(POSTGRES_SCHEMES)}",
            "desk up --postgres-url postgresql://user@127.0.0.1:5432/postgres",
        )


def _policies(data_dir: Path) -> None:
    directory = data_dir / "policies"
    for path in sorted({directory / "limits.yml", *directory.glob("*.yml")}):
        try:
            check_file(path)
        except NotFound as error:  # only limits.yml must be there
            text = f"{path} is missing: the gateway trades by no limits it was not given"
            raise ConfigError("E_CFG_READ", text, "copy data/policies/limits.yml of the repository there") from error


def _services(options: UpOptions, overrides: dict[str, list[str]]) -> tuple[str, ...]:
    """Every service's settings as it will read them: file, environment, flags. Returns the pairs the venue lists."""
    from services.common.settings import load_settings

    flags = {"venue_sim": [f"{name}={value}" for name, value in _venue_flags(options).items() if value is not None]}
    loaded = {
        service: load_settings(
            cls,
            service=service,
            data_dir=options.data_dir,
            overrides=[*SUPPLIED.get(service, ()), *overrides.get(service, ()), *flags.get(service, ())],
        )
        for service, cls in service_settings().items()
        if service != "bot"
    }
    pairs: tuple[str, ...] = loaded["venue_sim"].settings.pairs
    return pairs


def _venue_flags(options: UpOptions) -> dict[str, object]:
    return {"market": options.market, "seed": options.seed, "speed": options.speed}


def _bot(data_dir: Path, bot: str, overrides: list[str], listed: tuple[str, ...]) -> None:
    """Its settings, its strategy's values, and that the venue knows its pair."""
    from services.bot.config import resolve_bot
    from services.bot.settings import BotSettings
    from services.common.settings import load_settings

    own = [text for text in overrides if text.partition("=")[0] in BotSettings.model_fields]
    load_settings(BotSettings, service=BOT_PREFIX + bot, data_dir=data_dir, overrides=own)
    pair = resolve_bot(data_dir, bot, [text for text in overrides if text not in own]).pair
    if pair not in listed:
        raise ConfigError(
            "PAIR_UNKNOWN",
            f"{data_dir / bot / 'desk.yml'}: pair={pair}, the simulated exchange lists {', '.join(listed)};"
            f" example: pair: {listed[0]}",
            "choose a listed pair, or list it in data/policies/instruments.yml and with --set venue_sim.pairs=…",
        )
