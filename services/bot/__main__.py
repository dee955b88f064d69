"""python -m services.bot --run-dir D --bot bot1 --gateway-url http://127.0.0.1:P --redis-url URL

``--set name=value`` takes settings of the process and parameters of the strategy alike.
"""

import gc
import sys
from collections.abc import Sequence

from services.bot.config import resolve_bot
from services.bot.loopback import require_loopback
from services.bot.service import BotService
from services.bot.settings import BotSettings
from services.common.service import ServiceContext
from services.common.worker import run_service_main, service_parser


def main(argv: Sequence[str]) -> int:
    gc.disable()  # seconds of imports make only what stays; the service turns it on again once it runs
    parser = service_parser("bot")
    parser.add_argument("--bot", required=True, help="which bot: the name of its directory below the data directory")
    parser.add_argument("--gateway-url", help="http://127.0.0.1:<port> of the gateway")
    arguments = parser.parse_args(argv)
    for_strategy = [item for item in arguments.set if item.partition("=")[0] not in BotSettings.model_fields]
    own_argv = _without(argv, for_strategy)

    def make(context: ServiceContext, settings: BotSettings) -> BotService:
        require_loopback(settings.gateway_url)
        bot = resolve_bot(context.data_dir, arguments.bot, for_strategy)
        context.source.config_hash = bot.config_hash  # type: ignore[attr-defined]
        return BotService(context, settings, bot)

    process = f"bot.{arguments.bot}"
    return run_service_main(
        own_argv,
        name=process,
        settings=BotSettings,
        make=make,
        parser=parser,
        flags_to_settings=("gateway_url",),
        process=process,
    )


def _without(argv: Sequence[str], overrides: Sequence[str]) -> list[str]:
    """The command line without the ``--set`` that are the strategy's."""
    left: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--set":
            value = next(words, "")
            if value not in overrides:
                left += [word, value]
        elif not (word.startswith("--set=") and word.removeprefix("--set=") in overrides):
            left.append(word)
    return left


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
