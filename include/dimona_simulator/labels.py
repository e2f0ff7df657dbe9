"""Short labels of the anomaly types, in our own words."""

from collections.abc import Mapping

_LABELS: Mapping[str, tuple[str, str]] = {
    "001": ("Donnée absente", "Gegeven ontbreekt"),
    "003": ("Donnée incorrecte", "Gegeven is foutief"),
    "005": ("Donnée interdite", "Gegeven is verboden"),
    "008": ("Donnée hors domaine", "Gegeven valt buiten het domein"),
    "014": ("Fin antérieure au début", "Einde ligt voor het begin"),
    "022": ("Contredit le répertoire", "In strijd met het repertorium"),
    "058": ("Prestations insuffisantes", "Onvoldoende prestaties"),
    "151": ("Non identifiable", "Niet identificeerbaar"),
    "155": ("Mandat absent ou expiré", "Geen of vervallen mandaat"),
    "181": ("Modification ou annulation non permise", "Wijziging of annulering niet toegestaan"),
    "235": ("Absent du répertoire", "Niet in het repertorium"),
    "333": ("Période déjà déclarée", "Periode bestaat al"),
    "334": ("Périodes qui se chevauchent", "Periodes overlappen elkaar"),
    "341": ("Prestation de plus de 24 heures", "Prestatie langer dan 24 uur"),
    "342": ("Canal sécurisé seulement", "Alleen via een beveiligd kanaal"),
    "343": ("Employeur non actif", "Werkgever is niet actief"),
    "344": ("Report interdit", "Uitstel is verboden"),
    "345": ("Heure de fin antérieure à l'heure de début", "Einduur ligt voor het beginuur"),
    "346": ("Employeur non migré", "Werkgever niet gemigreerd"),
    "347": ("Contredit le numéro de période", "In strijd met het periodenummer"),
    "348": ("Contredit le NISS", "In strijd met het INSZ"),
    "349": ("Commission paritaire et type incompatibles", "Paritair comité en type gaan niet samen"),
    "350": ("Type interdit pour cet employeur", "Type verboden voor deze werkgever"),
    "351": ("Entreprise utilisatrice absente", "Gebruikende onderneming ontbreekt"),
    "352": ("Entreprise utilisatrice citée deux fois", "Gebruikende onderneming dubbel opgegeven"),
    "353": ("Deux fois la même carte C3.2A", "Tweemaal dezelfde kaart C3.2A"),
    "354": ("Période inconnue", "Onbekende periode"),
    "355": ("Période déjà annulée", "Periode al geannuleerd"),
    "356": ("Période déjà clôturée", "Periode al afgesloten"),
    "357": ("Période avec anomalie bloquante", "Periode met blokkerende anomalie"),
    "359": ("Clôture par OUT seulement", "Afsluiten kan alleen met OUT"),
    "360": ("Rien à modifier", "Niets te wijzigen"),
    "361": ("Rien à modifier, ni date ni heure", "Niets te wijzigen, datum noch uur"),
    "362": ("Période verrouillée", "Periode vergrendeld"),
    "363": ("NISS ou identité nécessaire", "INSZ of identiteit nodig"),
    "364": ("Numéro d'employeur nécessaire", "Werkgeversnummer nodig"),
    "368": ("Date de fin non supprimable", "Einddatum niet te verwijderen"),
    "369": ("Contingent dépassé", "Contingent overschreden"),
    "421": ("Début et fin dans des trimestres différents", "Begin en einde in verschillende kwartalen"),
    "444": ("Aucune modification constatée", "Geen wijziging vastgesteld"),
    "450": ("Déclaration momentanément interdite", "Aangifte tijdelijk verboden"),
    "459": ("Plus de deux jours d'affilée", "Meer dan twee dagen na elkaar"),
    "460": ("Déclaration tardive", "Laattijdige aangifte"),
    "483": ("Valable si les conditions sont remplies", "Geldt als de voorwaarden vervuld zijn"),
    "510": ("Conditions du flexi-job non remplies", "Voorwaarden flexi-job niet vervuld"),
    "514": ("Jeune travailleur sans expérience", "Jonge werknemer zonder ervaring"),
    "515": ("Contrôle techniquement impossible", "Controle technisch onmogelijk"),
    "521": ("Incompatible avec la nature de l'emploi", "Onverenigbaar met het soort werk"),
}
_OTHER = ("Anomalie", "Anomalie")


def label(code: str) -> dict[str, str]:
    """Give the French and Dutch label of an anomaly code ``ZZZZZ-TTT``."""
    french, dutch = _LABELS.get(code[-3:], _OTHER)
    return {"fr": french, "nl": dutch}
