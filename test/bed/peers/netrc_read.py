"""Reads netrc files with Python's own netrc. Options: texts; prints for each {machines: {name: [login, account, password]}} or {error: true}."""

import netrc
import os
import tempfile

from common import emit, options


def main():
    for text in options()['texts']:
        with tempfile.NamedTemporaryFile('w', encoding='utf-8', newline='', delete=False) as file:
            file.write(text)
        try:
            emit(machines=netrc.netrc(file.name).hosts)
        except netrc.NetrcParseError:
            emit(error=True)
        finally:
            os.unlink(file.name)


main()
