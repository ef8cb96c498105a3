#!/usr/bin/env python3
"""Starts the rig; `antiphon bench` calls this. See antiphon_rig."""

import sys

from antiphon_rig.main import main

sys.exit(main())
