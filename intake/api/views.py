"""Screening over HTTP."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.http import Http404
from django.urls import reverse
from django.utils.translation import get_language
from drf_spectacular.utils import OpenApiResponse, OpenApiTypes, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from intake.api.fhir import as_fhir
from intake.api.fhir_response import screening_as_fhir
from intake.api.idempotency import Idempotent
from intake.api.permissions import Anyone
from intake.api.serializers import ScreeningLine, ScreeningOut
from intake.api.throttles import PerAddress
from intake.clock import now
from intake.selectors.exports import screening_to_export
from intake.selectors.questionnaires import SLUG, current_questionnaire, definition_of
from intake.selectors.screenings import bookable_of, messages_of
from intake.services.responses import Issued, screen_line
from intake.tokens import known_session_mark


class ScreeningsPerAddress(PerAddress):
    scope = "screenings"
    limit = 1200


class FhirRenderer(JSONRenderer):
    media_type = "application/fhir+json"
    format = "fhir"


class Screenings(Idempotent):
    """Answer the questions, get a result and a token to book with."""

    permission_classes = (Anyone,)
    throttle_classes = (ScreeningsPerAddress,)

    @extend_schema(
        request=ScreeningLine,
        responses={
            201: ScreeningOut,
            400: OpenApiResponse(description="`unknown-key`, `invalid-answers` or `invalid`"),
            422: OpenApiResponse(description="`incomplete`: names what is `unanswered`, and the result so far"),
        },
    )
    def post(self, request: Request) -> Response:
        line = request.data
        ScreeningLine().refuse_unknown_keys(line)
        mark = known_session_mark(request.session)
        issued = screen_line(line=line, session_hash=mark, language=get_language() or "en", now=now())
        return Response(_screening(issued), status=201)


class QuestionnaireResource(APIView):
    """The questions in force as a FHIR R4 Questionnaire."""

    permission_classes = (Anyone,)
    renderer_classes = (JSONRenderer, FhirRenderer)

    @extend_schema(responses={(200, "application/fhir+json"): OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        questionnaire = current_questionnaire(SLUG)
        url = request.build_absolute_uri(request.path)
        resource = as_fhir(questionnaire, definition_of(questionnaire), url=url)
        return Response(
            resource, content_type="application/fhir+json", headers={"Cache-Control": "public, max-age=300"}
        )


class ScreeningResponse(APIView):
    """The answers of a screening as a FHIR R4 QuestionnaireResponse, for its patient and the therapist who cares."""

    permission_classes = (Anyone,)
    renderer_classes = (JSONRenderer, FhirRenderer)

    @extend_schema(
        responses={
            (200, "application/fhir+json"): OpenApiTypes.OBJECT,
            404: OpenApiResponse(description="`not-found`: there is none, or it is not yours to see"),
        }
    )
    def get(self, request: Request, screening_id: UUID) -> Response:
        screening = screening_to_export(screening_id, by=request.user, now=now())
        if screening is None:
            raise Http404
        url = request.build_absolute_uri(reverse("api-questionnaire"))
        resource = screening_as_fhir(screening, questionnaire_url=url)
        return Response(resource, content_type="application/fhir+json", headers={"Cache-Control": "private, no-store"})


class UnknownPath(APIView):
    """Whatever else is asked for under /api/: a problem, never a page."""

    permission_classes = (Anyone,)
    authentication_classes = ()

    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise Http404


def _screening(issued: Issued) -> dict[str, Any]:
    screening = issued.screening
    return {
        "id": str(screening.pk),
        "token": issued.token,
        "outcome": screening.effective_outcome,
        "urgent": screening.urgent or None,
        "bookable": bookable_of(screening),
        "messages": [asdict(message) for message in messages_of(screening)],
        "expires_at": screening.response.delete_after,
        "valid_until": screening.valid_until,
    }
