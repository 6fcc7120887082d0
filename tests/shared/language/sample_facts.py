"""Sentences written for this test, ten in each language, and what a careful reader finds in them.

`quantities` are (value, unit), `amounts` (hundredths, currency), `places` codes, `dates` (first
day, last day). They were written before the finders, to be neither easy nor odd: numbers that are
no quantities (calibres, articles, ages, shares, years) stand beside those that are.
"""

from typing import NamedTuple


class Sentence(NamedTuple):
    language: str
    text: str
    quantities: tuple[tuple[float, str], ...] = ()
    amounts: tuple[tuple[int, str], ...] = ()
    places: tuple[str, ...] = ()
    dates: tuple[tuple[str, str], ...] = ()


SENTENCES = (
    # English
    Sentence(
        "en",
        "The gendarmerie of Niger asks for six marking machines and training for twenty-four "
        "officers before the end of 2027.",
        ((6, "machines"), (24, "persons")),
        places=("NER",),
        dates=(("2027-10-01", "2027-12-31"),),
    ),
    Sentence(
        "en",
        "We can lend two shredders for 9 mm and 7.62 x 39 ammunition from March 2026 to June 2028.",
        ((2, "machines"),),
        dates=(("2026-03-01", "2028-06-30"),),
    ),
    Sentence(
        "en",
        "Under article 8 of Law No. 12 of 2015, about 40 per cent of the 1,250 seized rifles in "
        "three depots have been registered.",
        ((1250, "weapons"), (3, "depots")),
        dates=(("2015-01-01", "2015-12-31"),),
    ),
    Sentence(
        "en",
        "A grant of up to 90,000 US dollars is open to States of West Africa, with a ceiling of "
        "EUR 15k per workshop.",
        amounts=((9_000_000, "USD"), (1_500_000, "EUR")),
        places=("Western Africa",),
    ),
    Sentence(
        "en",
        "Twelve laptops, two servers and a ten-day course for the firearms registry in Chad; "
        "call +235 22 51 44 37.",
        ((12, "computers"), (2, "servers"), (10, "days")),
        places=("TCD",),
    ),
    Sentence(
        "en",
        "Our mobile team of 4 experts visited Jordan and South Sudan in the first quarter of 2026.",
        ((4, "experts"),),
        places=("JOR", "SSD"),
        dates=(("2026-01-01", "2026-03-31"),),
    ),
    Sentence(
        "en",
        "Some 3.5 tonnes of obsolete ammunition and 200,000 rounds must be destroyed by 15 March "
        "2027.",
        ((3.5, "tonnes"), (200_000, "rounds")),
        dates=(("2027-03-15", "2027-03-15"),),
    ),
    Sentence(
        "en",
        "Recruits aged 18 to 25 may apply; the 3rd edition offers 30 places at a cost of $2.4 "
        "million.",
        ((30, "persons"),),
        amounts=((240_000_000, "USD"),),
    ),
    Sentence(
        "en",
        "Five border posts need metal detectors (25) and padlocks: 150, delivered in mid-2026.",
        ((5, "border-posts"), (25, "detectors"), (150, "locks")),
        dates=(("2026-05-01", "2026-08-31"),),
    ),
    Sentence(
        "en",
        "Resolution 2370 and ISO 9001 guide our work; turkey and china are on the menu, but no "
        "country is named.",
    ),
    # French
    Sentence(
        "fr",
        "La police du Mali sollicite douze postes de travail et une trentaine d'armoires fortes "
        "d'ici fin 2027.",
        ((12, "computers"), (30, "safes")),
        places=("MLI",),
        dates=(("2027-10-01", "2027-12-31"),),
    ),
    Sentence(
        "fr",
        "Le programme, doté de 1,5 million d'euros, couvre le Burkina Faso, la Côte d'Ivoire et "
        "le Bénin.",
        amounts=((150_000_000, "EUR"),),
        places=("BFA", "CIV", "BEN"),
    ),
    Sentence(
        "fr",
        "Quatre-vingt-dix agents seront formés du 3 au 14 mars 2027 pendant 10 jours.",
        ((90, "persons"), (10, "days")),
        dates=(("2027-03-03", "2027-03-14"),),
    ),
    Sentence(
        "fr",
        "Selon l'article 12, 25 % des 3 400 armes de calibre 12 stockées dans deux dépôts sont à "
        "détruire.",
        ((3400, "weapons"), (2, "depots")),
    ),
    Sentence(
        "fr",
        "Nous proposons cinq missions d'experts en Afrique de l'Ouest entre janvier 2026 et "
        "décembre 2026.",
        ((5, "missions"),),
        places=("Western Africa",),
        dates=(("2026-01-01", "2026-12-31"),),
    ),
    Sentence(
        "fr",
        "Besoin : 6 machines de marquage, 2 broyeurs et vingt et une caisses pour le Tchad.",
        ((6, "machines"), (2, "machines"), (21, "crates")),
        places=("TCD",),
    ),
    Sentence(
        "fr",
        "Un don de 40 000 $US puis de 12 millions de francs CFA a été versé le 1er juin 2025.",
        amounts=((4_000_000, "USD"), (1_200_000_000, "XOF")),
        dates=(("2025-06-01", "2025-06-01"),),
    ),
    Sentence(
        "fr",
        "Les stagiaires, âgés de 25 à 40 ans, suivront trois sessions au premier semestre 2026.",
        ((3, "courses"),),
        dates=(("2026-01-01", "2026-06-30"),),
    ),
    Sentence(
        "fr",
        "En 2026, la République démocratique du Congo a recensé 250 mille cartouches et dix-sept "
        "armureries.",
        ((250_000, "rounds"), (17, "armouries")),
        places=("COD",),
        dates=(("2026-01-01", "2026-12-31"),),
    ),
    Sentence(
        "fr",
        "Le 2e rapport compte 80 pages ; tél. 022 917 12 34, bureau 305.",
    ),
    # Spanish
    Sentence(
        "es",
        "Se solicitan tres bodegas blindadas y 12 computadoras portátiles para Honduras antes de "
        "finales de 2026.",
        ((3, "depots"), (12, "computers")),
        places=("HND",),
        dates=(("2026-10-01", "2026-12-31"),),
    ),
    Sentence(
        "es",
        "El curso de 5 días formará a treinta y dos funcionarios de aduanas de El Salvador y "
        "Guatemala.",
        ((5, "days"), (32, "persons")),
        places=("SLV", "GTM"),
    ),
    Sentence(
        "es",
        "Disponemos de 250.000 dólares estadounidenses y de 1,2 millones de euros para América "
        "Central.",
        amounts=((25_000_000, "USD"), (120_000_000, "EUR")),
        places=("Central America",),
    ),
    Sentence(
        "es",
        "Hay que destruir 1.200 armas de calibre 9 mm y ocho toneladas de munición en el segundo "
        "trimestre de 2027.",
        ((1200, "weapons"), (8, "tonnes")),
        dates=(("2027-04-01", "2027-06-30"),),
    ),
    Sentence(
        "es",
        "Del 2 al 20 de mayo de 2026, dos expertos visitarán cuatro cuarteles en el Perú.",
        ((2, "experts"), (4, "sites")),
        places=("PER",),
        dates=(("2026-05-02", "2026-05-20"),),
    ),
    Sentence(
        "es",
        "Conforme al artículo 7 del Decreto 54, el 35 por ciento de los mayores de 21 años posee "
        "licencia.",
    ),
    Sentence(
        "es",
        "Necesitamos una docena de trituradoras, cien candados y dos mil etiquetas.",
        ((12, "machines"), (100, "locks"), (2000, "tags")),
    ),
    Sentence(
        "es",
        "Ofrecemos quince becas de seis meses a países del Caribe, desde enero de 2026 hasta "
        "diciembre de 2027.",
        ((15, "scholarships"), (6, "months")),
        places=("Caribbean",),
        dates=(("2026-01-01", "2027-12-31"),),
    ),
    Sentence(
        "es",
        "La República Dominicana pide un escáner y veintiún chalecos por valor de USD 48,500.",
        ((21, "vests"),),
        amounts=((4_850_000, "USD"),),
        places=("DOM",),
    ),
    Sentence(
        "es",
        "Reunión del 15/03/2027: asistieron 18 Estados y 45 participantes de Colombia.",
        ((18, "states"), (45, "persons")),
        places=("COL",),
        dates=(("2027-03-15", "2027-03-15"),),
    ),
    # Russian
    Sentence(
        "ru",
        "Просим поставить двенадцать ноутбуков и шесть маркировочных станков для полиции Мали до "
        "конца 2027 года.",
        ((12, "computers"), (6, "machines")),
        places=("MLI",),
        dates=(("2027-10-01", "2027-12-31"),),
    ),
    Sentence(
        "ru",
        "Обучение двадцати пяти сотрудников в Таджикистане и Кыргызстане займет 10 дней.",
        ((25, "persons"), (10, "days")),
        places=("TJK", "KGZ"),
    ),
    Sentence(
        "ru",
        "Выделяется 90 тыс. долларов США и 1,5 млн евро на проекты в Центральной Азии.",
        amounts=((9_000_000, "USD"), (150_000_000, "EUR")),
        places=("Central Asia",),
    ),
    Sentence(
        "ru",
        "Уничтожению подлежат 3 500 единиц оружия калибра 7,62 мм и 40 тонн боеприпасов с марта "
        "2026 по июнь 2028 года.",
        ((3500, "weapons"), (40, "tonnes")),
        dates=(("2026-03-01", "2028-06-30"),),
    ),
    Sentence(
        "ru",
        "Согласно статье 14 закона № 150 лица моложе 21 года не допускаются, это 12 процентов "
        "заявителей.",
    ),
    Sentence(
        "ru",
        "Три эксперта посетят пять складов в Армении 15 марта 2027 г.",
        ((3, "experts"), (5, "depots")),
        places=("ARM",),
        dates=(("2027-03-15", "2027-03-15"),),
    ),
    Sentence(
        "ru",
        "Нужны сейфы (40), навесные замки – 120 шт., два сервера и сто бронежилетов.",
        ((40, "safes"), (120, "locks"), (2, "servers"), (100, "vests")),
    ),
    Sentence(
        "ru",
        "В первом квартале 2026 года пройдут два пятидневных семинара для стран Западной Африки.",
        ((2, "courses"), (5, "days")),
        places=("Western Africa",),
        dates=(("2026-01-01", "2026-03-31"),),
    ),
    Sentence(
        "ru",
        "Нигерия и Нигер получили 18 радиостанций, 4 автомобиля и триста тысяч патронов.",
        ((18, "radios"), (4, "vehicles"), (300_000, "rounds")),
        places=("NGA", "NER"),
    ),
    Sentence(
        "ru",
        "Тел. +7 495 123-45-67, кабинет 312; 2-й этап, фаза 3, резолюция 1540.",
    ),
    # Arabic
    Sentence(
        "ar",
        "تطلب شرطة النيجر ست آلات وسم وتدريب أربعة وعشرين ضابطا قبل نهاية عام 2027.",
        ((6, "machines"), (24, "persons")),
        places=("NER",),
        dates=(("2027-10-01", "2027-12-31"),),
    ),
    Sentence(
        "ar",
        "نحتاج إلى اثني عشر حاسوبا و٢٥ خزانة و١٥٠ قفلا في السودان.",
        ((12, "computers"), (25, "safes"), (150, "locks")),
        places=("SDN",),
    ),
    Sentence(
        "ar",
        "تقدم منحة قدرها ٩٠ ألف دولار أمريكي ومبلغ 1.5 مليون يورو لدول غرب أفريقيا.",
        amounts=((9_000_000, "USD"), (150_000_000, "EUR")),
        places=("Western Africa",),
    ),
    Sentence(
        "ar",
        "تنظم الدورة من ٣ إلى ١٤ آذار/مارس ٢٠٢٧ لمدة عشرة أيام في الأردن.",
        ((10, "days"),),
        places=("JOR",),
        dates=(("2027-03-03", "2027-03-14"),),
    ),
    Sentence(
        "ar",
        "بموجب المادة 12 من القانون رقم 54 لا يجوز لمن يقل عمره عن 21 سنة حمل مسدس عيار 9 ملم.",
    ),
    Sentence(
        "ar",
        "يجب تدمير 3500 قطعة سلاح و٤٠ طنا من الذخيرة في ثلاثة مستودعات باليمن.",
        ((3500, "weapons"), (40, "tonnes"), (3, "depots")),
        places=("YEM",),
    ),
    Sentence(
        "ar",
        "نعرض خمسة خبراء وخمسين جهاز لاسلكي من كانون الثاني 2026 إلى حزيران 2028.",
        ((5, "experts"), (50, "radios")),
        dates=(("2026-01-01", "2028-06-30"),),
    ),
    Sentence(
        "ar",
        "حضر 45 مشاركا من 18 دولة، أي 30 في المائة، الاجتماع في الربع الأول من عام 2026.",
        ((45, "persons"), (18, "states")),
        dates=(("2026-01-01", "2026-03-31"),),
    ),
    Sentence(
        "ar",
        "تحتاج موريتانيا وتشاد إلى مركبتين وثماني سيارات و200 سترة واقية.",
        ((2, "vehicles"), (8, "vehicles"), (200, "vests")),
        places=("MRT", "TCD"),
    ),
    Sentence(
        "ar",
        "سيقدم الدعم المالي في الفترة من مارس ٢٠٢٦ حتى يونيو ٢٠٢٨، هاتف 0791234567.",
        dates=(("2026-03-01", "2028-06-30"),),
    ),
    # Chinese
    Sentence(
        "zh",
        "尼日尔警方请求提供6台打标机，并在2027年底前培训二十四名警官。",
        ((6, "machines"), (24, "persons")),
        places=("NER",),
        dates=(("2027-10-01", "2027-12-31"),),
    ),
    Sentence(
        "zh",
        "项目资金25万美元，另有１．５百万欧元用于西非国家。",
        amounts=((25_000_000, "USD"), (150_000_000, "EUR")),
        places=("Western Africa",),
    ),
    Sentence(
        "zh",
        "我们可派三名专家于2027年3月3日至14日在蒙古授课十天。",
        ((3, "experts"), (10, "days")),
        places=("MNG",),
        dates=(("2027-03-03", "2027-03-14"),),
    ),
    Sentence(
        "zh",
        "根据第12条，约百分之三十的3500支步枪存放在两座仓库，口径为7.62毫米。",
        ((3500, "weapons"), (2, "depots")),
    ),
    Sentence(
        "zh",
        "需要十二台笔记本电脑、两台服务器和一百五十把挂锁。",
        ((12, "computers"), (2, "servers"), (150, "locks")),
    ),
    Sentence(
        "zh",
        "从2026年3月到2028年6月，乍得和马里将销毁40吨弹药及20万发子弹。",
        ((40, "tonnes"), (200_000, "rounds")),
        places=("TCD", "MLI"),
        dates=(("2026-03-01", "2028-06-30"),),
    ),
    Sentence(
        "zh",
        "2026年第一季度举办2期培训班，每期20名学员，年龄在18岁以上。",
        ((2, "courses"), (20, "persons")),
        dates=(("2026-01-01", "2026-03-31"),),
    ),
    Sentence(
        "zh",
        "第1540号决议和第三届会议没有提出要求，电话010-65961234。",
    ),
    Sentence(
        "zh",
        "老挝申请八辆车、3个集装箱和5个月的技术支持，预算48500美元。",
        ((8, "vehicles"), (3, "containers"), (5, "months")),
        amounts=((4_850_000, "USD"),),
        places=("LAO",),
    ),
    Sentence(
        "zh",
        "刚果民主共和国的5个军械库共缺200个枪柜，2026年上半年交付。",
        ((5, "armouries"), (200, "safes")),
        places=("COD",),
        dates=(("2026-01-01", "2026-06-30"),),
    ),
)
