"""The twenty tables, and where a defect may be put into each."""

from tests.honest.commerce import addresses, bookings, customers, flights, orders, payments, reviews, sensors, weather
from tests.honest.operations import (
    employees,
    energy,
    patients,
    products,
    shipments,
    stock,
    subscriptions,
    survey,
    tickets,
    trades,
    web_logs,
)
from tests.honest.words import HonestTable, Targets

TABLES = [
    HonestTable(
        "orders",
        orders,
        Targets(
            ("amount", "status", "ordered_at"), ("amount", "quantity"), "order_id", (), ("status",), ("status",), "ordered_at"
        ),
    ),
    HonestTable(
        "customers",
        customers,
        Targets(
            ("email", "country"), (), "customer_id", ("email", "phone"), ("email", "last_name"), ("country",), "created_at"
        ),
    ),
    HonestTable(
        "sensors",
        sensors,
        Targets(
            ("temperature", "humidity"),
            ("temperature", "humidity", "battery"),
            "",
            ("sensor",),
            (),
            ("sensor",),
            "measured_at",
            "sensor",
        ),
    ),
    HonestTable(
        "flights",
        flights,
        Targets(
            ("carrier", "distance"), ("delay", "distance"), "", ("tail",), (), ("carrier", "origin"), "scheduled", "carrier"
        ),
    ),
    HonestTable(
        "bookings",
        bookings,
        Targets(
            ("amount", "account"),
            ("amount", "balance"),
            "booking_no",
            ("account", "booking_no"),
            ("purpose",),
            ("kind",),
            "booked_on",
        ),
    ),
    HonestTable(
        "reviews",
        reviews,
        Targets(("stars", "text"), ("helpful",), "review_id", ("product",), ("text", "title"), (), "written_at"),
    ),
    HonestTable(
        "addresses",
        addresses,
        Targets(("city", "zip"), ("latitude", "longitude"), "address_id", ("zip", "address_id"), ("street", "city"), ("city",)),
    ),
    HonestTable(
        "payments",
        payments,
        Targets(
            ("amount", "currency"),
            ("amount", "fee_percent"),
            "payment_id",
            ("payment_id",),
            (),
            ("currency", "method"),
            "paid_at",
            "currency",
        ),
    ),
    HonestTable(
        "weather", weather, Targets(("temperature", "pressure"), ("temperature", "pressure"), "hour", (), (), (), "hour")
    ),
    HonestTable(
        "products",
        products,
        Targets(("name", "price"), ("price", "weight_kg"), "sku", ("sku", "ean"), ("name",), ("category",), "updated"),
    ),
    HonestTable(
        "employees",
        employees,
        Targets(
            ("department", "salary"), ("salary",), "employee_no", ("employee_no", "manager_no"), ("full_name",), ("department",)
        ),
    ),
    HonestTable(
        "web_logs",
        web_logs,
        Targets(
            ("method", "bytes"), ("bytes", "seconds"), "session", ("ip", "session"), ("path",), ("method",), "at", "method"
        ),
    ),
    HonestTable(
        "trades",
        trades,
        Targets(("price", "side"), ("price", "volume"), "trade_id", ("symbol",), (), ("symbol", "side"), "traded_at", "symbol"),
    ),
    HonestTable(
        "patients",
        patients,
        Targets(
            ("age", "ward"),
            ("age", "height_cm", "weight_kg"),
            "patient_id",
            ("icd", "patient_id"),
            ("ward",),
            ("ward",),
            "admitted",
            "ward",
        ),
    ),
    HonestTable(
        "subscriptions",
        subscriptions,
        Targets(
            ("plan", "updated_at"),
            ("seats",),
            "subscription",
            ("locale", "subscription"),
            ("plan",),
            ("plan", "locale"),
            "updated_at",
            "plan",
        ),
    ),
    HonestTable("energy", energy, Targets(("kwh", "tariff"), ("kwh",), "", ("meter",), (), ("tariff",), "day", "meter")),
    HonestTable(
        "shipments",
        shipments,
        Targets(
            ("carrier", "weight"),
            ("weight", "declared_value"),
            "tracking_no",
            ("tracking_no",),
            ("recipient",),
            ("carrier",),
            "shipped_at",
            "carrier",
        ),
    ),
    HonestTable(
        "survey",
        survey,
        Targets(("q1", "channel"), ("score",), "response", ("age_group",), (), ("channel", "age_group"), "submitted"),
    ),
    HonestTable(
        "stock",
        stock,
        Targets(("store", "on_hand"), ("on_hand", "unit_cost"), "", ("shelf", "item"), (), ("store",), "counted_at", "store"),
    ),
    HonestTable(
        "tickets",
        tickets,
        Targets(
            ("priority", "subject"),
            ("minutes",),
            "ticket",
            ("ticket",),
            ("subject", "contact"),
            ("team", "priority"),
            "opened_at",
            "team",
        ),
    ),
]
