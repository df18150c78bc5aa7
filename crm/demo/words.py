"""The words made-up records are made of. Some names test what lists and searches often get wrong."""

from __future__ import annotations

GIVEN = (
    "Anna", "Björn", "Chloé", "Daniel", "Elif", "Francesca", "Gülşen", "Hannah", "Ines", "Jürgen", "Katarzyna",
    "Lars", "María", "Nikolai", "Olivia", "Pavel", "Quentin", "Renée", "Søren", "Tomáš", "Ursula", "Vera",
    "Wilhelm", "Xenia", "Yusuf", "Zoë", "Adrián", "Brigitte", "Claus", "Dörte", "Emil", "Fatima", "Giulia",
    "Henrik", "Iris", "Jakub", "Klara", "Levent", "Mette", "Noémie", "Øyvind", "Petra", "Rosa", "Štefan",
    "Thérèse", "Ulf", "Valentina", "Wojciech", "Yara", "Zbigniew",
)  # fmt: skip
FAMILY = (
    "Müller", "Schmidt", "Jørgensen", "García", "Kowalski", "Rossi", "Dubois", "Öztürk", "Nováková",
    "Lindqvist", "Weiß", "Großmann", "Fernández", "Moreau", "Bianchi", "Hansen", "Virtanen", "Popescu",
    "Horváth", "Petrov", "O’Connor", "Van-Dijk", "Schröder", "Yılmaz", "Núñez", "Łukasiewicz", "Ångström",
    "Bauer", "Keller", "Fischer", "Martin", "Silva", "Costa", "Novak", "Jansen", "Peeters", "Meyer", "Wagner",
    "Hoffmann", "Krüger", "Schäfer", "Böhm", "Günther",
)  # fmt: skip
COMPANY_ROOTS = (
    "Nordwind", "Alpen", "Rhein", "Baltic", "Adria", "Lumen", "Kupfer", "Silber", "Eichen", "Hafen", "Sonnen",
    "Brücken", "Werk", "Ufer", "Berg", "Fjord", "Terra", "Aqua", "Vela", "Forma", "Stella", "Atlas", "Ponte",
    "Faro", "Ríos", "Étoile", "Çınar", "Žito", "Ørsted", "Mosel", "Donau", "Elbe", "Isar", "Lech", "Main",
    "Weser", "Ems", "Saar",
)  # fmt: skip
COMPANY_TRADES = (
    "Logistik", "Maschinenbau", "Elektronik", "Labortechnik", "Bau", "Verpackung", "Lebensmittel", "Textil",
    "Medien", "Pharma", "Energie", "Optik", "Software", "Hydraulik", "Möbel", "Präzision", "Kunststoff",
    "Metall", "Sensorik", "Robotik", "Druck", "Keramik", "Saatgut", "Antriebe",
)  # fmt: skip
COMPANY_FORMS = ("GmbH", "AG", "Ltd", "SA", "S.r.l.", "A/S", "AB", "B.V.", "SAS", "Sp. z o.o.", "KG", "Oy")
INDUSTRIES = (
    "Manufacturing", "Logistics", "Construction", "Food", "Health care", "Energy", "Software", "Retail", "Chemicals",
    "Automotive", "Education", "Public sector",
)  # fmt: skip
JOBS = (
    "Head of purchasing", "Managing director", "Plant manager", "IT lead", "Buyer", "Quality manager", "Sales director",
    "Technical lead", "Office manager", "Owner", "Controller", "Project engineer",
)  # fmt: skip
PRODUCTS = (
    "sensor kit", "packaging line", "maintenance contract", "pilot plant", "licence renewal", "spare parts",
    "training days", "conveyor retrofit", "test bench", "cold store", "control software", "filter units",
)  # fmt: skip
DEALS = ("{product} for {place}", "{product}, phase two", "{product} 2027", "New {product}", "Extension: {product}")
SUBJECTS = (
    "Intro call", "Follow-up on the offer", "Demo of the {product}", "Site visit", "Price talk", "Question on delivery",
    "Quarterly review", "Technical clarification",
)  # fmt: skip
TASKS = (
    "Send the offer", "Call back about the {product}", "Prepare the demo", "Check credit limit", "Ask for the drawing",
    "Confirm the delivery date", "Invite to the open day", "Update the price list",
)  # fmt: skip
NOTES = (
    "Budget is set aside until the end of the quarter.\nDecision lies with the board.",
    "Prefers calls before 10.\n\nSpeaks German and English.",
    "Competitor offered 8 % less, but delivery takes twelve weeks.",
    "Met at the trade show; interested in the {product}.",
    "Wrote from <private.address@example.com>, use the office address instead.",
)
OUTCOMES = (
    "Reached, sends data",
    "No answer",
    "Wants an offer",
    "Not now, ask in spring",
    "Passed on to purchasing",
    "",
)
TAGS = ("Key account", "Trade show", "Newsletter", "Wiederverkäufer", "At risk", "Pilot", "Public tender", "VIP")
TEAMS = ("North", "South")
PEOPLE = (
    ("Ada Admin", "super_admin", None),
    ("Mara Manager", "sales_manager", "North"),
    ("Nils Nord", "sales_user", "North"),
    ("Svenja Süd", "sales_user", "South"),
    ("Rolf Reader", "read_only", None),
)
# code, name, dialling code, cities with postal code and position in degrees
PLACES = (
    ("DE", "Germany", "+49", (
        ("Berlin", "10115", 52.53, 13.38),
        ("München", "80331", 48.14, 11.57),
        ("Köln", "50667", 50.94, 6.96),
        ("Görlitz", "02826", 51.15, 14.99),
    )),
    ("AT", "Austria", "+43", (
        ("Wien", "1010", 48.21, 16.37),
        ("Graz", "8010", 47.07, 15.44),
    )),
    ("CH", "Switzerland", "+41", (
        ("Zürich", "8001", 47.37, 8.54),
        ("Genève", "1201", 46.21, 6.14),
    )),
    ("FR", "France", "+33", (
        ("Lyon", "69001", 45.77, 4.83),
        ("Besançon", "25000", 47.24, 6.02),
    )),
    ("PL", "Poland", "+48", (
        ("Łódź", "90-001", 51.76, 19.46),
        ("Gdańsk", "80-001", 54.35, 18.65),
    )),
    ("DK", "Denmark", "+45", (
        ("København", "1050", 55.68, 12.57),
        ("Ærøskøbing", "5970", 54.89, 10.41),
    )),
    ("ES", "Spain", "+34", (
        ("A Coruña", "15001", 43.37, -8.4),
        ("Sevilla", "41001", 37.39, -5.99),
    )),
    ("IT", "Italy", "+39", (
        ("Torino", "10121", 45.07, 7.69),
        ("Forlì", "47121", 44.22, 12.04),
    )),
    ("TR", "Türkiye", "+90", (
        ("İzmir", "35210", 38.42, 27.14),
        ("Eskişehir", "26010", 39.77, 30.52),
    )),
    ("NL", "Netherlands", "+31", (
        ("Utrecht", "3511", 52.09, 5.12),
        ("’s-Hertogenbosch", "5211", 51.69, 5.3),
    )),
)  # fmt: skip
STREETS = ("Hauptstraße", "Bahnhofstraße", "Rue de la République", "Østergade", "Calle Mayor", "Via Roma", "Marktplein")
