"""Orders, customers, sensors, flights, bookings, reviews, addresses, payments, weather."""

import math
import random
import uuid
from collections.abc import Callable
from datetime import date, timedelta

from tests.honest.words import CITIES, FIRST, LAST, START, STREETS, WORDS, Rows, moments, sentence, some


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
        "email": [
            f"{a}.{b}{n}@example.{rng.choice(['com', 'org', 'net'])}".lower().replace("'", "").replace("ü", "ue")
            for n, (a, b) in enumerate(people)
        ],
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
    found: Rows = {
        name: [] for name in ("flight", "carrier", "origin", "dest", "scheduled", "departed", "delay", "distance", "tail")
    }
    distances = {"BOS": 190, "LAX": 2475, "ORD": 740, "MIA": 1090, "HNL": 4963, "ATL": 760, "SFO": 2586}
    for _ in range(rows):
        day, hour = rng.randrange(90), min(22, max(5, round(rng.gauss(13, 4))))
        scheduled = START + timedelta(days=day, hours=hour, minutes=5 * rng.randrange(12))
        cancelled, delay = rng.random() < 0.02, round(rng.gauss(-3, 5) if rng.random() < 0.7 else rng.expovariate(1 / 40))
        dest = rng.choices(list(distances), [20, 15, 20, 15, 1, 20, 9])[0]
        carrier = rng.choices(["UA", "AA", "DL", "B6", "HA"], [35, 30, 20, 14, 1])[0]
        values = (rng.randint(1, 6000), carrier, rng.choice(["JFK", "EWR", "LGA"]), dest, scheduled,
                  None if cancelled else scheduled + timedelta(minutes=delay), None if cancelled else delay,
                  distances[dest] + rng.choice([0, 0, 12, 21]),
                  f"N{rng.randint(100, 999)}{rng.choice(['UA', 'AA', 'DN', 'JB'])}")  # fmt: skip
        for name, value in zip(found, values, strict=True):
            found[name].append(value)
    order = sorted(range(rows), key=lambda row: found["scheduled"][row])
    return {name: [values[row] for row in order] for name, values in found.items()}


def bookings(rng: random.Random, rows: int) -> Rows:
    kinds = rng.choices(["card", "transfer", "salary", "fee", "cash"], [55, 25, 5, 5, 10], k=rows)
    amount: dict[str, Callable[[], float]] = {
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
    temp = [
        10 - 12 * math.cos(n / 24 / 365 * 2 * math.pi) + 4 * math.sin(n / 24 * 2 * math.pi) + rng.gauss(0, 2)
        for n in range(rows)
    ]
    return {
        "hour": at,
        "temperature": [round(value, 1) for value in temp],
        "pressure": [round(rng.gauss(1013, 8), 1) for _ in range(rows)],
        "rain_mm": [round(rng.expovariate(0.6), 1) if rng.random() < 0.12 else 0.0 for _ in range(rows)],
        "sunshine": [0.0 if not 6 <= one.hour <= 20 else round(rng.uniform(0, 60), 1) for one in at],
        "wind_direction": [rng.randrange(0, 360, 10) for _ in range(rows)],
    }
