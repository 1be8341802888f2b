"""A person without an account, named on a form because no party of theirs is known yet."""

from django import forms
from django.utils.translation import gettext_lazy

from chain_of_custody.models import Party
from lims.accounts.actors import Actor
from lims.accounts.services import named_party_create
from lims.web.forms import PageForm


class NewPersonForm(PageForm):
    """Who it is, and by which document that is known."""

    name = forms.CharField(label=gettext_lazy("Or a new person"), max_length=200, required=False)
    party_kind = forms.ChoiceField(
        label=gettext_lazy("Who is a"),
        choices=[("person", gettext_lazy("Person")), ("courier", gettext_lazy("Courier"))],
        required=False,
    )
    document_kind = forms.CharField(label=gettext_lazy("Identity document"), max_length=60, required=False)
    document_number = forms.CharField(label=gettext_lazy("Its number"), max_length=60, required=False)

    def person_create(self, actor: Actor) -> Party:
        """The person as a party from now on."""
        data = self.cleaned_data
        return named_party_create(
            actor=actor,
            kind=data["party_kind"] or "person",
            name=data["name"],
            document_kind=data["document_kind"],
            document_number=data["document_number"],
        )
