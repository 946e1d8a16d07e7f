#!/usr/bin/env python3
"""A slixmpp client with stream management that is cut off and resumes, driven by JSON lines.

Arguments: host port jid password mode, where mode is plain, starttls or direct. Commands on standard input: {"do":
"cut"}, {"do": "back"}, {"do": "quit"}. Events on standard output.
"""
import asyncio
import json
import ssl
import sys

import slixmpp


def emit(**event):
    print(json.dumps(event), flush=True)


class Client(slixmpp.ClientXMPP):
    def __init__(self, jid, password):
        super().__init__(jid, password)
        self.register_plugin('xep_0198')
        self['feature_mechanisms'].unencrypted_scram = True
        self['feature_mechanisms'].unencrypted_plain = True
        self.ssl_context = ssl.create_default_context()
        self.ssl_context.check_hostname = False
        self.ssl_context.verify_mode = ssl.CERT_NONE
        self.add_event_handler('session_start', self.on_start)
        self.add_event_handler('sm_enabled', lambda _: emit(event='enabled'))
        self.add_event_handler('session_resumed', lambda _: emit(event='resumed', jid=self.boundjid.full))
        self.add_event_handler('sm_failed', lambda _: emit(event='sm_failed'))
        self.add_event_handler('disconnected', lambda _: emit(event='disconnected'))
        self.add_event_handler('failed_all_auth', lambda _: emit(event='failed'))
        self.add_event_handler('message', lambda m: emit(event='message', body=m['body']))

    def get_ssl_context(self):
        return self.ssl_context

    def on_start(self, _event):
        self.send_presence()
        mechanism = self['feature_mechanisms'].mech
        emit(event='session', jid=self.boundjid.full, mechanism=mechanism.name if mechanism else None,
             tls=isinstance(self.transport.get_extra_info('ssl_object'), ssl.SSLObject))


async def main():
    host, port, jid, password, mode = sys.argv[1:6]
    client = Client(jid, password)

    def connect():
        client.connect(address=(host, int(port)), use_ssl=mode == 'direct', force_starttls=mode == 'starttls',
                       disable_starttls=mode == 'plain')

    connect()
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        command = json.loads(line)['do']
        if command == 'cut':
            client.abort()
        elif command == 'back':
            connect()
        else:
            break
    client.disconnect()
    await client.disconnected


asyncio.run(main())
