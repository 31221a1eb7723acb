"""What can be booked, with whom, and what is signed before: public lists."""

from django.utils.translation import get_language
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from booking.api.descriptions import described
from booking.api.reading import query_of
from booking.api.serializers import InformationOut, PractitionerOut, PractitionerSearch, ServiceOut
from booking.models import HealthcareService, Practitioner
from booking.selectors.locations import the_clinic
from booking.selectors.practitioners import practitioners_for
from intake.api.permissions import Anyone
from intake.api.serializers import StrictSerializer
from intake.information import current_information


class Services(APIView):
    """What can be booked online."""

    permission_classes = (Anyone,)

    @described({200: ServiceOut(many=True)}, 400)
    def get(self, request: Request) -> Response:
        query_of(StrictSerializer, request)
        services = HealthcareService.objects.filter(online=True).prefetch_related("payment_terms")
        return Response(ServiceOut(services, many=True, context={"location": the_clinic()}).data)


class Information(APIView):
    """What is read and signed before needling, word for word."""

    permission_classes = (Anyone,)

    @described({200: InformationOut}, 400)
    def get(self, request: Request) -> Response:
        query_of(StrictSerializer, request)
        return Response(InformationOut(current_information(get_language() or "en")).data)


class Practitioners(APIView):
    """Who can be booked, for one service or for any."""

    permission_classes = (Anyone,)

    @described({200: PractitionerOut(many=True)}, 400, parameters=[PractitionerSearch])
    def get(self, request: Request) -> Response:
        service = query_of(PractitionerSearch, request).get("service")
        people = practitioners_for(service) if service else Practitioner.objects.filter(active=True)
        return Response(PractitionerOut(people.prefetch_related("services"), many=True).data)
