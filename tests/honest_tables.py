"""Twenty honest tables of different kinds, each made anew from a seed, and eight defects to put into them.

A table is columns by name, each a list of values. What looks odd in them is meant: half-empty optional fields, rare categories,
heavy tails, nights without flights, yen beside euros.
"""

import math
import random
import string
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

Rows = dict[str, list[Any]]
START = datetime(2026, 1, 1)  # noqa: DTZ001

FIRST = ["Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Margaret", "John", "Frances", "Ken", "Radia", "Tim", "Anita", "Niklaus"]
LAST = ["Lovelace", "Hopper", "Turing", "Dijkstra", "Liskov", "Knuth", "Hamilton", "Backus", "Allen", "Thompson", "Perlman", "O'Neil", "Wirth", "Müller", "Meyer-Wolf"]
STREETS = ["Main Street", "Station Road", "Church Lane", "Mill Road", "High Street", "Park Avenue", "Queens Road", "Victoria Street"]
CITIES = {"Berlin": "10115", "Hamburg": "20095", "Dresden": "01067", "Leipzig": "04109", "Munich": "80331", "Cologne": "50667", "Rostock": "18055"}
WORDS = (
    "delivery parcel arrived late damaged customer asked refund product quality excellent battery weak screen bright packaging "
    "missing invoice support answered quickly friendly service again order wrong colour replaced without charge material strong "
    "handle broken easy install manual difficult understand recommended friends price reasonable shipping expensive overall happy"
).split()


@dataclass(frozen=True)
class Targets:
    """Columns that a defect may be put into, by defect; a kind that is left out does not apply."""

    full: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    key: str = ""
    formats: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    time: str = ""
    group: str = ""


@dataclass(frozen=True)
class HonestTable:
    name: str
    make: Callable[[random.Random, int], Rows]
    targets: Targets = field(default_factory=Targets)


def sentence(rng: random.Random, low: int = 5, high: int = 25) -> str:
    words = [rng.choice(WORDS) for _ in range(rng.randint(low, high))]
    return " ".join(words).capitalize() + "."


def moments(rng: random.Random, rows: int, days: int) -> list[datetime]:
    return sorted(START + timedelta(seconds=rng.randrange(days * 86_400)) for _ in range(rows))


def some(rng: random.Random, share: float, value: Any) -> Any:
    return value if rng.random() < share else None


def orders(rng: random.Random, rows: int) -> Rows:
    at = moments(rng, rows, 180)
    return {
        "order_id": list(range(10_001, 10_001 + rows)),
        "customer_id": [rng.randint(1, rows // 3) for _ in range(rows)],
        "ordered_at": at,
        "status": rng.choices(["delivered", "shipped", "open", "cancelled", "returned"], [70, 15, 8, 5, 2], k=rows),
        "amount": [round(rng.lognormvariate(3.5, 0.8), 2) for _ in range(rows)],
        "quantity": rng.choices([1, 2, 3, 4, 5, 10], [60, 20, 9, 6, 4, 1], k=rows),
        "voucher": [some(rng, 0.12, f"SAVE{rng.randint(10, 99)}") for _ in range(rows)],
        "is_gift": [rng.random() < 0.03 for _ in range(rows)],
    }


def customers(rng: random.Random, rows: int) -> Rows:
    people = [(rng.choice(FIRST), rng.choice(LAST)) for _ in range(rows)]
    return {
        "customer_id": [str(uuid.UUID(int=rng.getrandbits(128), version=4)) for _ in range(rows)],
        "first_name": [first for first, _ in people],
        "last_name": [last for _, last in people],
        "email": [f"{a}.{b}{n}@example.{rng.choice(['com', 'org', 'net'])}".lower().replace("'", "").replace("ü", "ue") for n, (a, b) in enumerate(people)],
        "phone": [some(rng, 0.6, f"+49 {rng.randint(150, 179)} {rng.randint(1000000, 9999999)}") for _ in range(rows)],
        "birth_date": [date(1940, 1, 1) + timedelta(days=rng.randrange(24_000)) for _ in range(rows)],
        "country": rng.choices(["DE", "FR", "NL", "AT", "NA"], [60, 20, 12, 7, 1], k=rows),
        "created_at": [START - timedelta(days=rng.expovariate(1 / 400)) for _ in range(rows)],
    }


def sensors(rng: random.Random, rows: int) -> Rows:
    devices = [f"S{n:03d}" for n in range(1, 21)]
    steps = -(-rows // len(devices))
    found: Rows = {"sensor": [], "measured_at": [], "temperature": [], "humidity": [], "battery": []}
    for step in range(steps):
        at = START + timedelta(minutes=15 * step)
        for n, device in enumerate(devices):
            found["sensor"].append(device)
            found["measured_at"].append(at)
            found["temperature"].append(round(12 + n / 3 + 8 * math.sin(step / 15) + rng.gauss(0, 1.2), 2))
            found["humidity"].append(min(100, max(5, round(55 + rng.gauss(0, 12), 1))))
            found["battery"].append(round(100 - step / steps * 40 - n + rng.gauss(0, 0.3), 1))
    return {name: values[:rows] for name, values in found.items()}


def flights(rng: random.Random, rows: int) -> Rows:
    found: Rows = {name: [] for name in ("flight", "carrier", "origin", "dest", "scheduled", "departed", "delay", "distance", "tail")}
    distances = {"BOS": 190, "LAX": 2475, "ORD": 740, "MIA": 1090, "HNL": 4963, "ATL": 760, "SFO": 2586}
    for _ in range(rows):
        day, hour = rng.randrange(90), min(22, max(5, round(rng.gauss(13, 4))))
        scheduled = START + timedelta(days=day, hours=hour, minutes=5 * rng.randrange(12))
        cancelled, delay = rng.random() < 0.02, round(rng.gauss(-3, 5) if rng.random() < 0.7 else rng.expovariate(1 / 40))
        dest = rng.choices(list(distances), [20, 15, 20, 15, 1, 20, 9])[0]
        carrier = rng.choices(["UA", "AA", "DL", "B6", "HA"], [35, 30, 20, 14, 1])[0]
        values = (rng.randint(1, 6000), carrier, rng.choice(["JFK", "EWR", "LGA"]), dest, scheduled,
                  None if cancelled else scheduled + timedelta(minutes=delay), None if cancelled else delay,
                  distances[dest] + rng.choice([0, 0, 12, 21]), f"N{rng.randint(100, 999)}{rng.choice(['UA', 'AA', 'DN', 'JB'])}")  # fmt: skip
        for name, value in zip(found, values, strict=True):
            found[name].append(value)
    order = sorted(range(rows), key=lambda row: found["scheduled"][row])
    return {name: [values[row] for row in order] for name, values in found.items()}


def bookings(rng: random.Random, rows: int) -> Rows:
    kinds = rng.choices(["card", "transfer", "salary", "fee", "cash"], [55, 25, 5, 5, 10], k=rows)
    amount = {
        "card": lambda: -rng.lognormvariate(3, 0.9),
        "transfer": lambda: rng.choice([-1, 1]) * rng.lognormvariate(4.5, 1.1),
        "salary": lambda: rng.gauss(3200, 500),
        "fee": lambda: -rng.choice([1.5, 4.9, 9.9]),
        "cash": lambda: -rng.choice([20, 50, 100, 200]),
    }
    at = [START.date() + timedelta(days=n * 200 // rows) for n in range(rows)]
    return {
        "booking_no": [f"BK-{n:08d}" for n in range(1, rows + 1)],
        "account": [f"DE{rng.randint(10, 99)}500105170{rng.randint(100000000, 999999999)}" for _ in range(rows)],
        "booked_on": at,
        "value_date": [day + timedelta(days=rng.choice([0, 0, 1, 2])) for day in at],
        "kind": kinds,
        "amount": [round(amount[kind](), 2) for kind in kinds],
        "balance": [round(2000 + rng.gauss(0, 900), 2) for _ in range(rows)],
        "purpose": [sentence(rng, 3, 8) for _ in range(rows)],
    }


def reviews(rng: random.Random, rows: int) -> Rows:
    return {
        "review_id": list(range(1, rows + 1)),
        "product": [f"P{rng.randint(1, 80):04d}" for _ in range(rows)],
        "stars": rng.choices([1, 2, 3, 4, 5], [6, 5, 12, 32, 45], k=rows),
        "text": [sentence(rng, 6, 45) for _ in range(rows)],
        "title": [" ".join(rng.choice(WORDS) for _ in range(rng.randint(2, 5))).capitalize() for _ in range(rows)],
        "helpful": [int(rng.paretovariate(1.2)) - 1 for _ in range(rows)],
        "written_at": moments(rng, rows, 365),
    }


def addresses(rng: random.Random, rows: int) -> Rows:
    city = [rng.choice(list(CITIES)) for _ in range(rows)]
    return {
        "address_id": [f"A{n}" for n in range(1, rows + 1)],
        "street": [f"{rng.choice(STREETS)} {rng.randint(1, 150)}{rng.choice(['', '', '', 'a', 'b'])}" for _ in range(rows)],
        "zip": [CITIES[one][:3] + f"{rng.randint(0, 99):02d}" for one in city],
        "city": city,
        "latitude": [round(rng.uniform(47.5, 54.5), 5) for _ in range(rows)],
        "longitude": [round(rng.uniform(6.0, 14.5), 5) for _ in range(rows)],
        "floor": [some(rng, 0.3, rng.randint(0, 12)) for _ in range(rows)],
    }


def payments(rng: random.Random, rows: int) -> Rows:
    currency = rng.choices(["EUR", "USD", "GBP", "JPY"], [55, 27, 14, 4], k=rows)
    factor = {"EUR": 1, "USD": 1.1, "GBP": 0.85, "JPY": 160}
    return {
        "payment_id": [str(uuid.UUID(int=rng.getrandbits(128), version=4)) for _ in range(rows)],
        "paid_at": moments(rng, rows, 60),
        "currency": currency,
        "amount": [round(rng.lognormvariate(4, 0.7) * factor[one], 2) for one in currency],
        "method": rng.choices(["card", "paypal", "invoice", "crypto"], [50, 30, 18, 2], k=rows),
        "fee_percent": [round(rng.uniform(0.5, 3), 2) for _ in range(rows)],
        "note": [some(rng, 0.4, sentence(rng, 2, 6)) for _ in range(rows)],
    }


def weather(rng: random.Random, rows: int) -> Rows:
    at = [START + timedelta(hours=n) for n in range(rows)]
    temp = [10 - 12 * math.cos(n / 24 / 365 * 2 * math.pi) + 4 * math.sin(n / 24 * 2 * math.pi) + rng.gauss(0, 2) for n in range(rows)]
    return {
        "hour": at,
        "temperature": [round(value, 1) for value in temp],
        "pressure": [round(rng.gauss(1013, 8), 1) for _ in range(rows)],
        "rain_mm": [round(rng.expovariate(0.6), 1) if rng.random() < 0.12 else 0.0 for _ in range(rows)],
        "sunshine": [0.0 if not 6 <= one.hour <= 20 else round(rng.uniform(0, 60), 1) for one in at],
        "wind_direction": [rng.randrange(0, 360, 10) for _ in range(rows)],
    }


def products(rng: random.Random, rows: int) -> Rows:
    return {
        "sku": [f"{rng.choice(['AB', 'CD', 'EF'])}-{n:05d}-{rng.choice('XYZ')}" for n in range(rows)],
        "ean": [f"{rng.randrange(10**12):013d}" for _ in range(rows)],
        "name": [f"{rng.choice(WORDS).capitalize()} {rng.choice(WORDS)} {rng.randint(1, 99)}" for _ in range(rows)],
        "category": rng.choices(["Tools", "Garden", "Kitchen", "Toys", "Outdoor"], [30, 25, 20, 15, 10], k=rows),
        "price": [rng.choice([4.99, 9.99, 14.99, 19.99, 49.99, 99.99, 199.0, 999.0]) if rng.random() < 0.6 else round(rng.lognormvariate(3, 1), 2) for _ in range(rows)],
        "weight_kg": [some(rng, 0.6, round(rng.lognormvariate(0, 1), 3)) for _ in range(rows)],
        "discontinued": [rng.random() < 0.04 for _ in range(rows)],
        "updated": [START.date() - timedelta(days=int(rng.expovariate(1 / 60))) for _ in range(rows)],
    }


def employees(rng: random.Random, rows: int) -> Rows:
    hired = [date(2005, 1, 1) + timedelta(days=rng.randrange(7_500)) for _ in range(rows)]
    return {
        "employee_no": [f"{n:06d}" for n in range(1, rows + 1)],
        "full_name": [f"{rng.choice(FIRST)} {rng.choice(LAST)}" for _ in range(rows)],
        "department": rng.choices(["Sales", "Finance", "Engineering", "Human Resources", "Legal"], [35, 15, 40, 8, 2], k=rows),
        "salary": [round(rng.lognormvariate(10.9, 0.3), -2) for _ in range(rows)],
        "hired_on": hired,
        "left_on": [some(rng, 0.2, one + timedelta(days=rng.randrange(30, 1500))) for one in hired],
        "manager_no": [f"{rng.randint(1, rows // 20):06d}" for _ in range(rows)],
        "full_time": [rng.random() < 0.8 for _ in range(rows)],
    }


def web_logs(rng: random.Random, rows: int) -> Rows:
    return {
        "at": moments(rng, rows, 7),
        "ip": [".".join(str(rng.randint(1, 254)) for _ in range(4)) for _ in range(rows)],
        "method": rng.choices(["GET", "POST", "PUT", "DELETE"], [80, 15, 4, 1], k=rows),
        "path": [f"/{rng.choice(['api', 'shop', 'help'])}/{rng.choice(WORDS)}/{rng.randint(1, 500)}" for _ in range(rows)],
        "status": rng.choices([200, 301, 404, 500], [88, 5, 6, 1], k=rows),
        "bytes": [int(rng.paretovariate(1.3) * 400) for _ in range(rows)],
        "seconds": [round(rng.lognormvariate(-2, 1), 4) for _ in range(rows)],
        "session": ["".join(rng.choices("0123456789abcdef", k=32)) for _ in range(rows)],
    }


def trades(rng: random.Random, rows: int) -> Rows:
    prices = {"SAP": 120.0, "BMW": 90.0, "BAY": 45.0, "ALV": 230.0, "SIE": 150.0}
    symbols, quoted = [], []
    for _ in range(rows):
        symbol = rng.choice(list(prices))
        prices[symbol] *= math.exp(rng.gauss(0, 0.002))
        symbols.append(symbol)
        quoted.append(round(prices[symbol], 3))
    return {
        "trade_id": list(range(5_000_000, 5_000_000 + rows)),
        "symbol": symbols,
        "traded_at": moments(rng, rows, 5),
        "price": quoted,
        "volume": [int(rng.lognormvariate(5, 1.2)) + 1 for _ in range(rows)],
        "side": rng.choices(["buy", "sell"], k=rows),
    }


def patients(rng: random.Random, rows: int) -> Rows:
    return {
        "patient_id": [f"PT{rng.randint(1, 9)}{n:05d}" for n in range(rows)],
        "admitted": moments(rng, rows, 300),
        "ward": rng.choices(["Surgery", "Cardiology", "Oncology", "Paediatrics", "Emergency"], k=rows),
        "age": [min(102, max(0, round(rng.gauss(55, 20)))) for _ in range(rows)],
        "height_cm": [round(rng.gauss(170, 10)) for _ in range(rows)],
        "weight_kg": [round(rng.gauss(75, 14), 1) for _ in range(rows)],
        "icd": [f"{rng.choice('ABCEIJKM')}{rng.randint(10, 99)}.{rng.randint(0, 9)}" for _ in range(rows)],
        "blood_group": rng.choices(["A+", "0+", "B+", "AB+", "A-", "0-", "B-", "AB-"], [37, 35, 9, 4, 6, 6, 2, 1], k=rows),
        "allergy": [some(rng, 0.15, rng.choice(["Penicillin", "Latex", "Nuts", "Pollen"])) for _ in range(rows)],
    }


def subscriptions(rng: random.Random, rows: int) -> Rows:
    begun = [START - timedelta(days=rng.randrange(900)) for _ in range(rows)]
    return {
        "subscription": [str(uuid.UUID(int=rng.getrandbits(128), version=4)) for _ in range(rows)],
        "plan": rng.choices(["free", "basic", "pro", "enterprise"], [60, 25, 13, 2], k=rows),
        "begun_at": begun,
        "ended_at": [some(rng, 0.35, one + timedelta(days=rng.randint(30, 400))) for one in begun],
        "monthly_fee": [float(rng.choice([0, 0, 0, 9, 9, 29, 99])) for _ in range(rows)],
        "seats": [int(rng.paretovariate(1.5)) for _ in range(rows)],
        "updated_at": [START + timedelta(hours=rng.randrange(24 * 14)) for _ in range(rows)],
        "locale": rng.choices(["en_US", "de_DE", "fr_FR", "pt_BR"], [50, 30, 15, 5], k=rows),
    }


def energy(rng: random.Random, rows: int) -> Rows:
    meters = [f"M-{n:04d}" for n in (rng.randint(1, 9999) for _ in range(12))]
    meters = sorted(set(meters))
    found: Rows = {"meter": [], "day": [], "kwh": [], "solar_kwh": [], "tariff": []}
    for n in range(rows):
        day = n // len(meters)
        season = 1 + 0.5 * math.cos(day / 365 * 2 * math.pi)
        found["meter"].append(meters[n % len(meters)])
        found["day"].append(START.date() + timedelta(days=day))
        found["kwh"].append(round(max(0.4, rng.gauss(9, 2)) * season, 2))
        found["solar_kwh"].append(round(rng.uniform(1, 14) / season, 2) if n % len(meters) % 3 == 0 else 0.0)
        found["tariff"].append("heat" if n % len(meters) % 5 == 0 else "standard")
    return found


def shipments(rng: random.Random, rows: int) -> Rows:
    sent = moments(rng, rows, 120)
    return {
        "tracking_no": ["".join(rng.choices(string.ascii_uppercase, k=2)) + f"{rng.randrange(10**9):09d}" + rng.choice(["DE", "NL"]) for _ in range(rows)],
        "shipped_at": sent,
        "delivered_at": [one + timedelta(hours=rng.uniform(20, 140)) for one in sent],
        "carrier": rng.choices(["DHL", "UPS", "DPD", "GLS", "FedEx"], [45, 20, 17, 15, 3], k=rows),
        "weight": [round(rng.weibullvariate(4, 1.4) + 0.05, 2) for _ in range(rows)],
        "declared_value": [round(rng.paretovariate(1.6) * 15, 2) for _ in range(rows)],
        "zone": [rng.randint(1, 6) for _ in range(rows)],
        "recipient": [f"{rng.choice(FIRST)} {rng.choice(LAST)}" for _ in range(rows)],
    }


def survey(rng: random.Random, rows: int) -> Rows:
    return {
        "response": list(range(1, rows + 1)),
        "submitted": moments(rng, rows, 30),
        "q1": [rng.randint(1, 7) for _ in range(rows)],
        "q2": [some(rng, 0.85, rng.randint(1, 7)) for _ in range(rows)],
        "age_group": rng.choices(["18-29", "30-44", "45-59", "60+"], [25, 33, 28, 14], k=rows),
        "comment": [some(rng, 0.4, sentence(rng, 4, 20)) for _ in range(rows)],
        "score": [round(rng.betavariate(5, 2) * 100, 1) for _ in range(rows)],
        "channel": rng.choices(["email", "web", "phone", "post"], [48, 40, 11, 1], k=rows),
    }


def stock(rng: random.Random, rows: int) -> Rows:
    stores = [f"Store {n}" for n in range(1, 16)]
    return {
        "store": [stores[n % 15] for n in range(rows)],
        "item": [f"{(n // 15) % 400:06d}" for n in range(rows)],
        "counted_at": [START + timedelta(minutes=n // 15) for n in range(rows)],
        "on_hand": [max(0, int(rng.gauss(40, 25))) for _ in range(rows)],
        "reorder_level": [rng.choice([5, 10, 20, 50]) for _ in range(rows)],
        "unit_cost": [round(rng.lognormvariate(2, 1.2), 2) for _ in range(rows)],
        "shelf": [f"{rng.choice('ABCDEF')}{rng.randint(1, 30):02d}" for _ in range(rows)],
    }


def tickets(rng: random.Random, rows: int) -> Rows:
    opened = moments(rng, rows, 200)
    return {
        "ticket": [f"INC{n:07d}" for n in range(40_000, 40_000 + rows)],
        "opened_at": opened,
        "closed_at": [some(rng, 0.75, one + timedelta(hours=rng.lognormvariate(2, 1.2))) for one in opened],
        "priority": rng.choices(["P1", "P2", "P3", "P4"], [3, 17, 50, 30], k=rows),
        "team": rng.choices(["Network", "Database", "Desktop", "Security"], [25, 25, 25, 25], k=rows),
        "subject": [sentence(rng, 3, 9)[:-1] for _ in range(rows)],
        "reopened": rng.choices([0, 1, 2, 3], [90, 7, 2, 1], k=rows),
        "minutes": [int(rng.lognormvariate(4, 1)) for _ in range(rows)],
        "contact": [f"user{rng.randint(1, 900)}@corp.example" for _ in range(rows)],
    }


TABLES = [
    HonestTable("orders", orders, Targets(("amount", "status", "ordered_at"), ("amount", "quantity"), "order_id", (), ("status",), ("status",), "ordered_at")),
    HonestTable("customers", customers, Targets(("email", "country"), (), "customer_id", ("email", "phone"), ("email", "last_name"), ("country",), "created_at")),
    HonestTable("sensors", sensors, Targets(("temperature", "humidity"), ("temperature", "humidity", "battery"), "", ("sensor",), (), ("sensor",), "measured_at", "sensor")),
    HonestTable("flights", flights, Targets(("carrier", "distance"), ("delay", "distance"), "", ("tail",), (), ("carrier", "origin"), "scheduled", "carrier")),
    HonestTable("bookings", bookings, Targets(("amount", "account"), ("amount", "balance"), "booking_no", ("account", "booking_no"), ("purpose",), ("kind",), "booked_on")),
    HonestTable("reviews", reviews, Targets(("stars", "text"), ("helpful",), "review_id", ("product",), ("text", "title"), (), "written_at")),
    HonestTable("addresses", addresses, Targets(("city", "zip"), ("latitude", "longitude"), "address_id", ("zip", "address_id"), ("street", "city"), ("city",))),
    HonestTable("payments", payments, Targets(("amount", "currency"), ("amount", "fee_percent"), "payment_id", ("payment_id",), (), ("currency", "method"), "paid_at", "currency")),
    HonestTable("weather", weather, Targets(("temperature", "pressure"), ("temperature", "pressure"), "hour", (), (), (), "hour")),
    HonestTable("products", products, Targets(("name", "price"), ("price", "weight_kg"), "sku", ("sku", "ean"), ("name",), ("category",), "updated")),
    HonestTable("employees", employees, Targets(("department", "salary"), ("salary",), "employee_no", ("employee_no", "manager_no"), ("full_name",), ("department",))),
    HonestTable("web_logs", web_logs, Targets(("method", "bytes"), ("bytes", "seconds"), "session", ("ip", "session"), ("path",), ("method",), "at", "method")),
    HonestTable("trades", trades, Targets(("price", "side"), ("price", "volume"), "trade_id", ("symbol",), (), ("symbol", "side"), "traded_at", "symbol")),
    HonestTable("patients", patients, Targets(("age", "ward"), ("age", "height_cm", "weight_kg"), "patient_id", ("icd", "patient_id"), ("ward",), ("ward",), "admitted", "ward")),
    HonestTable("subscriptions", subscriptions, Targets(("plan", "updated_at"), ("seats",), "subscription", ("locale", "subscription"), ("plan",), ("plan", "locale"), "updated_at", "plan")),
    HonestTable("energy", energy, Targets(("kwh", "tariff"), ("kwh",), "", ("meter",), (), ("tariff",), "day", "meter")),
    HonestTable("shipments", shipments, Targets(("carrier", "weight"), ("weight", "declared_value"), "tracking_no", ("tracking_no",), ("recipient",), ("carrier",), "shipped_at", "carrier")),
    HonestTable("survey", survey, Targets(("q1", "channel"), ("score",), "response", ("age_group",), (), ("channel", "age_group"), "submitted")),
    HonestTable("stock", stock, Targets(("store", "on_hand"), ("on_hand", "unit_cost"), "", ("shelf", "item"), (), ("store",), "counted_at", "store")),
    HonestTable("tickets", tickets, Targets(("priority", "subject"), ("minutes",), "ticket", ("ticket",), ("subject", "contact"), ("team", "priority"), "opened_at", "team")),
]  # fmt: skip


def _chosen(rng: random.Random, rows: Rows, column: str, share: float) -> list[int]:
    present = [row for row, value in enumerate(rows[column]) if value is not None]
    return rng.sample(present, max(1, round(share * len(rows[column]))))


def _changed(rows: Rows, column: str, change: dict[int, Any]) -> Rows:
    return rows | {column: [change.get(row, value) for row, value in enumerate(rows[column])]}


def with_defect(table: HonestTable, rows: Rows, kind: str, share: float, rng: random.Random) -> tuple[Rows, str] | None:
    """The rows with a defect in a share of them, and its column; None where the defect does not apply to the table."""
    targets = table.targets
    options: dict[str, tuple[str, ...]] = {
        "nulls": targets.full,
        "outliers": targets.numbers,
        "sentinel": tuple(dict.fromkeys((*targets.numbers, *targets.full))),
        "duplicate_key": (targets.key,) if targets.key else (),
        "mixed_format": targets.formats,
        "truncated_text": targets.texts,
        "wrong_category": targets.categories,
        "stale_slice": (targets.time,) if targets.time else (),
    }
    if not options[kind]:
        return None
    column = rng.choice(options[kind])
    values = rows[column]
    chosen = _chosen(rng, rows, column, share)
    if kind == "nulls":
        return _changed(rows, column, dict.fromkeys(chosen)), column
    if kind == "outliers":
        factor = rng.choice([100, 1000, -100])
        largest = max(abs(value) for value in values if value is not None)
        return _changed(rows, column, {row: type(values[row])((values[row] or largest) * factor * rng.uniform(0.8, 1.2)) for row in chosen}), column
    if kind == "sentinel":
        sample = values[chosen[0]]
        word: Any = rng.choice(["N/A", "unknown", "-"])
        if isinstance(sample, datetime):
            word = rng.choice([datetime(1900, 1, 1), datetime(9999, 12, 31)])  # noqa: DTZ001
        elif isinstance(sample, int | float):
            word = type(sample)(rng.choice([-999, 9999, -1] if min(value for value in values if value is not None) >= 0 else [-9999, 99999]))
        return _changed(rows, column, dict.fromkeys(chosen, word)), column
    if kind == "duplicate_key":
        others = [row for row in range(len(values)) if row not in set(chosen)]
        return _changed(rows, column, {row: values[rng.choice(others)] for row in chosen}), column
    if kind == "mixed_format":
        change = rng.choice([str.lower, str.swapcase, lambda text: text.replace(text[1], "/", 1), lambda text: f"{text[:2]} {text[2:]}", lambda text: f"#{text}"])
        made = {row: change(values[row]) for row in chosen}
        if all(made[row] == values[row] for row in chosen):
            made = {row: f"{values[row][:2]}_{values[row][2:]}" for row in chosen}
        return _changed(rows, column, made), column
    if kind == "truncated_text":
        lengths = sorted(len(value) for value in values if value is not None)
        limit = rng.choice([None, max(3, lengths[len(lengths) // 2] // 2)])
        made = {row: values[row][: limit or max(2, len(values[row]) // 2)] for row in chosen}
        return _changed(rows, column, made), column
    if kind == "wrong_category":
        members = sorted({value for value in values if value is not None})
        frequent = max(members, key=values.count)
        slips = [frequent.swapcase(), f" {frequent}", f"{frequent}x" if len(frequent) > 3 else frequent.lower() + "?", "Zzz999", frequent[:-2] + frequent[-1] + frequent[-2] if len(frequent) > 4 else frequent.title() + "!"]
        word = rng.choice([slip for slip in slips if slip not in members])
        return _changed(rows, column, dict.fromkeys(chosen, word)), column
    return _stale(table, rows, share, rng)


def _stale(table: HonestTable, rows: Rows, share: float, rng: random.Random) -> tuple[Rows, str]:
    column, group = table.targets.time, table.targets.group
    values = rows[column]
    count = max(1, round(share * len(values)))
    is_sorted = all(a <= b for a, b in zip(values, values[1:], strict=False))
    ways = ["long ago", *(["out of order"] if is_sorted else []), *(["same time"] if isinstance(values[0], datetime) and len(set(values)) > len(values) / 2 else [])]
    way = rng.choice(ways)
    span = max(values) - min(values)
    start = rng.randrange(len(values) // 2, len(values) - count)
    slice_ = range(start, start + count)
    if group and rng.random() < 0.5:
        sizes = {member: rows[group].count(member) for member in set(rows[group])}
        member = min(sizes, key=lambda one: abs(sizes[one] - count))
        slice_ = [row for row, value in enumerate(rows[group]) if value == member][-count:]  # type: ignore[assignment]
        way = "long ago"
    if way == "long ago":
        return _changed(rows, column, {row: values[row] - 2 * span for row in slice_}), column
    if way == "same time":
        return _changed(rows, column, dict.fromkeys(slice_, values[start])), column
    return _changed(rows, column, {row: values[row] - span / 3 for row in slice_}), column
