"""The methods: what each computes, which files, references and parameters a run of it takes, who may start one."""

import dataclasses
from typing import Any

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from analysis.registry import METHODS
from lims.accounts.actors import require
from lims.accounts.roles import GRANTS
from lims.api.base import View
from lims.api.fields import Code, Output, named
from lims.api.operations import lists
from lims.lab.enums import ReferenceKind
from lims.lab.rules.methods import METHOD_SHAPES, Parameter

_KINDS = ("text", "whole", "number", "flag", "table")


class MethodRoleShow(Output):
    """Files of one role: whether a run needs one, and whether it may have several."""

    name = serializers.CharField()
    needed = serializers.BooleanField()
    several = serializers.BooleanField()


class MethodParameterShow(Output):
    """A parameter: its kind, what counts where it is not given, its bounds or choices."""

    name = serializers.CharField()
    kind = Code(_KINDS)
    needed = serializers.BooleanField()
    default = named(serializers.JSONField(allow_null=True))
    least = serializers.FloatField(allow_null=True)
    most = serializers.FloatField(allow_null=True)
    choices = serializers.ListField(child=serializers.CharField())


class MethodShow(Output):
    """A method as a run names it; references are of one of the kinds, none where the list is empty."""

    name = serializers.CharField()
    version = serializers.CharField()
    citation = serializers.CharField()
    assumptions = serializers.ListField(child=serializers.CharField())
    limits = serializers.ListField(child=serializers.CharField())
    validation = serializers.CharField()
    roles = MethodRoleShow(many=True)
    reference_kinds = serializers.ListField(child=Code(ReferenceKind.values))
    second_reference_kinds = serializers.ListField(child=Code(ReferenceKind.values))
    parameters = MethodParameterShow(many=True)
    started_by = serializers.ListField(child=serializers.CharField(), help_text="Roles of people who may start a run")
    may_start = serializers.BooleanField(help_text="Whether the caller may, in some case")


class Methods(View):
    """What can be computed here."""

    @lists("method_list", MethodShow, area="runs")
    def get(self, request: Request) -> Response:
        """Every method by name."""
        require(self.actor, "run.read")
        may = self.actor.may_somewhere("run.start")
        return self.page([_method(name) | {"may_start": may} for name in sorted(METHODS)], MethodShow)


def _method(name: str) -> dict[str, Any]:
    method, shape = METHODS[name], METHOD_SHAPES[name]
    return {
        "name": method.name,
        "version": method.version,
        "citation": method.citation,
        "assumptions": method.assumptions,
        "limits": method.limits,
        "validation": method.validation,
        "roles": shape.roles,
        "reference_kinds": shape.kinds,
        "second_reference_kinds": shape.second_kinds,
        "parameters": [_parameter(one) for one in shape.parameters],
        "started_by": sorted(GRANTS["run.start"]),
    }


def _parameter(one: Parameter) -> dict[str, Any]:
    return dataclasses.asdict(one)


urlpatterns = [path("methods/", Methods.as_view(), name="methods")]
