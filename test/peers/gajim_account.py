#!/usr/bin/env python3
"""Writes the settings of a Gajim that knows one account on loopback, without TLS.

Arguments: folder port name password. The account is NAME@localhost.
"""
import json
import os
import sqlite3
import sys

from gajim.common.settings import CREATE_SQL

folder, port, name, password = sys.argv[1:5]
account = {
    'name': name, 'hostname': 'localhost', 'password': password, 'savepass': True, 'active': True, 'autoconnect': True,
    'use_custom_host': True, 'custom_host': '127.0.0.1', 'custom_port': int(port), 'custom_type': 'PLAIN',
    'use_plain_connection': True, 'confirm_unencrypted_connection': False, 'resource': 'gajim',
}
application = {'use_keyring': False, 'check_for_update': False, 'remote_control': True}

os.makedirs(folder, exist_ok=True)
settings = sqlite3.connect(os.path.join(folder, 'settings.sqlite'))
settings.executescript(CREATE_SQL)
settings.execute('INSERT INTO account_settings(account, settings) VALUES (?, ?)',
                 (name, json.dumps({'account': account, 'contact': {}, 'group_chat': {}})))
settings.execute("UPDATE settings SET settings = ? WHERE name = 'app'", (json.dumps(application),))
settings.commit()
