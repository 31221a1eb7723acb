from rest_framework.parsers import JSONParser


class StrictJSONParser(JSONParser):
    """JSON without NaN and Infinity."""

    strict = True
