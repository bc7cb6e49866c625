"""Products, employees, web logs, trades, patients, subscriptions, energy, shipments, surveys, stock, tickets."""

import math
import random
import string
import uuid
from datetime import date, timedelta

from tests.honest.words import FIRST, LAST, START, WORDS, Rows, moments, sentence, some


def products(rng: random.Random, rows: int) -> Rows:
    return {
        "sku": [f"{rng.choice(['AB', 'CD', 'EF'])}-{n:05d}-{rng.choice('XYZ')}" for n in range(rows)],
        "ean": [f"{rng.randrange(10**12):013d}" for _ in range(rows)],
        "name": [f"{rng.choice(WORDS).capitalize()} {rng.choice(WORDS)} {rng.randint(1, 99)}" for _ in range(rows)],
        "category": rng.choices(["Tools", "Garden", "Kitchen", "Toys", "Outdoor"], [30, 25, 20, 15, 10], k=rows),
        "price": [
            rng.choice([4.99, 9.99, 14.99, 19.99, 49.99, 99.99, 199.0, 999.0])
            if rng.random() < 0.6
            else round(rng.lognormvariate(3, 1), 2)
            for _ in range(rows)
        ],
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
        "tracking_no": [
            "".join(rng.choices(string.ascii_uppercase, k=2)) + f"{rng.randrange(10**9):09d}" + rng.choice(["DE", "NL"])
            for _ in range(rows)
        ],
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
