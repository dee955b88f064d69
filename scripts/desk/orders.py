"""`desk orders`: what rests now, and the life of one order from the stored drop copy."""

from typing import Annotated, Any

import typer

from scripts.desk.options import DataDir, Json, RunDir
from scripts.desk.output import print_json
from scripts.desk.places import places
from scripts.desk.running import ask
from scripts.desk.stored import event_line, stored_events
from services.common.errors import NotFound


def register(app: typer.Typer) -> None:
    orders = typer.Typer(no_args_is_help=True, help="Orders: what rests now, the life of one.")
    orders.command("list")(list_open)
    orders.command("show")(show)
    app.add_typer(orders, name="orders")


def list_open(data_dir: DataDir = None, run_dir: RunDir = None, as_json: Json = False) -> int:
    """List the open orders as the gateway's journal has them.

    Example: desk orders list
    """
    orders: list[dict[str, Any]] = ask(places(data_dir, run_dir), "gateway", "/desk/orders")
    if as_json:
        print_json(orders)
    else:
        for order in orders:
            print(
                f"{order['bot_id']:8} {order['client_order_id']:24} {order['side']:4} {order['qty_base']:>10} "
                f"@ {order['price'] or 'market':>12} filled {order['filled_base']:>8} {order['state']}"
            )
        print(f"{len(orders)} open")
    return 0


def show(
    order_id: Annotated[str, typer.Argument(help="The bot's, the gateway's or the venue's id of the order.")],
    data_dir: DataDir = None,
    run_dir: RunDir = None,
    as_json: Json = False,
) -> int:
    """Show every stored step, fill and risk decision of one order.

    Example: desk orders show hb1-b0-k3f9.17
    """
    where = places(data_dir, run_dir)
    keys = ("client_order_id", "gateway_order_id", "venue_order_id")
    found = [event for event in stored_events(where) if order_id in [event.get(key) for key in keys]]
    if not found:
        raise NotFound("ORDER_UNKNOWN", f"no stored event names {order_id}", f"desk orders list{where.flag}")
    if as_json:
        print_json(found)
    else:
        for event in found:
            print(event_line(event))
    return 0
