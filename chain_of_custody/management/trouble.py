"""What a command says, and how it ends, when it cannot do its work."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from django.db import DatabaseError, InterfaceError

from chain_of_custody.core.errors import CoreError
from chain_of_custody.errors import CustodyError

STOPPED = 130


@contextmanager
def trouble_told(what: str, *, returncode: int) -> Iterator[None]:
    """Make refusals, unreadable files, a database that does not answer and Ctrl-C one sentence and an exit code."""
    try:
        yield
    except (DatabaseError, InterfaceError) as error:
        why = f"the database does not answer: {str(error).strip()}. Is Spoor running? «make status» tells"
        raise CommandError(f"{what}: {why}.", returncode=returncode) from error
    except CustodyError as error:
        said = f"{error.message}. {error.remedy}" if error.remedy else error.message
        raise CommandError(f"{what}: {said}", returncode=returncode) from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{what}: a key or state file is no text: {error}", returncode=returncode) from error
    except (CoreError, OSError) as error:
        raise CommandError(f"{what}: {error}", returncode=returncode) from error
    except KeyboardInterrupt as error:
        raise CommandError(f"{what}: stopped. Nothing was kept of it.", returncode=STOPPED) from error
