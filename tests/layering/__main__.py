"""python3 tests/layering --map prints the house; the other forms are those of layering_test.py."""

import os
import sys

import layering_test

if sys.argv[1:] == ["--map"]:
    sys.argv.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.exit(layering_test.main())
