#!/usr/bin/env python3
"""A slixmpp client driven by JSON lines: commands on standard input, events on standard output.

Arguments: host port jid password. An empty password logs in with SASL ANONYMOUS.
"""
import asyncio
import json
import sys
from xml.etree import ElementTree as ET

import slixmpp


def emit(**event):
    print(json.dumps(event), flush=True)


class Client(slixmpp.ClientXMPP):
    def __init__(self, jid, password):
        super().__init__(jid, password)
        self.new_rooms = set()
        if not password:
            self['feature_mechanisms'].unencrypted_plain = True
            self.credentials = {}
            self.use_mechs = {'ANONYMOUS'}
        for plugin in ('xep_0004', 'xep_0030', 'xep_0045', 'xep_0050', 'xep_0059', 'xep_0085', 'xep_0199', 'xep_0203', 'xep_0249', 'xep_0313', 'xep_0359', 'xep_0425'):
            self.register_plugin(plugin)
        self['feature_mechanisms'].unencrypted_scram = True
        self['feature_mechanisms'].unencrypted_plain = True
        self.add_event_handler('session_start', self.on_start)
        self.add_event_handler('groupchat_message', self.on_groupchat)
        self.add_event_handler('groupchat_subject', lambda m: emit(event='subject', room=m['from'].bare, subject=m['subject']))
        self.add_event_handler('message', self.on_private)
        self.add_event_handler('groupchat_presence', self.on_presence)
        self.add_event_handler('presence_error', self.on_presence)
        self.add_event_handler('moderated_message', self.on_moderated)
        self.add_event_handler('groupchat_invite', lambda m: emit(event='invited', room=m['from'].bare))
        self.add_event_handler('groupchat_direct_invite', lambda m: emit(event='invited', room=m['groupchat_invite']['jid']))
        for state in ('composing', 'active', 'paused'):
            self.add_event_handler('chatstate_' + state, self.on_chat_state)
        self.add_event_handler('got_online', lambda p: emit(event='online', jid=p['from'].full))
        self.add_event_handler('got_offline', lambda p: emit(event='offline', jid=p['from'].full))
        self.add_event_handler('failed_all_auth', lambda _: emit(event='failed', reason='auth'))
        self.add_event_handler('disconnected', lambda _: emit(event='disconnected'))

    async def on_start(self, _event):
        self.send_presence()
        await self.get_roster()
        emit(event='session', jid=self.boundjid.full)

    def on_groupchat(self, message):
        if not message['body']:
            return
        emit(event='groupchat', room=message['from'].bare, nick=message['from'].resource, body=message['body'],
             id=message['id'], stanza_id=message['stanza_id']['id'], delayed=bool(message.xml.find('{urn:xmpp:delay}delay') is not None))

    def on_moderated(self, message):
        applied = message['apply_to']
        emit(event='moderated', room=message['from'].bare, id=applied['id'], by=str(applied['moderated']['by']),
             reason=applied['moderated']['reason'])

    def on_private(self, message):
        if message['type'] in ('chat', 'normal', 'error') and message['body']:
            emit(event='private', **{'from': message['from'].full}, type=message['type'], body=message['body'])

    def on_chat_state(self, message):
        emit(event='chat_state', room=message['from'].bare, nick=message['from'].resource, state=message['chat_state'])

    def on_presence(self, presence):
        if 201 in presence['muc']['status_codes']:
            self.new_rooms.add(presence['from'].bare)
        if presence['from'].resource and presence['from'].bare != self.boundjid.bare:
            emit(event='presence', room=presence['from'].bare, nick=presence['from'].resource, type=presence['type'],
                 condition=presence['error']['condition'] if presence['type'] == 'error' else None)

    async def take(self, room):
        """Takes a room that this client has made, as it is (XEP-0045 10.1.2)."""
        self.new_rooms.discard(room)
        iq = self.make_iq_set(ito=room)
        query = ET.Element('{http://jabber.org/protocol/muc#owner}query')
        ET.SubElement(query, '{jabber:x:data}x', type='submit')
        iq.append(query)
        await iq.send()

    async def run_command(self, command):
        """Runs an ad-hoc command: fills in what it asks for, and confirms it."""
        steps = []
        service, node = slixmpp.JID(command['service']), command['node']
        answer = await self['xep_0050'].send_command(service, node, flow=False)
        while answer['command']['status'] == 'executing':
            steps.append(sorted(answer['command']['actions']))
            form = answer['command']['form']
            payload = None
            if form.get_fields():
                form.reply()
                form.set_values(command.get('values', {}))
                payload = form.xml
            action = 'next' if 'next' in answer['command']['actions'] else 'complete'
            answer = await self['xep_0050'].send_command(service, node, action=action, payload=payload,
                                                         sessionid=answer['command']['sessionid'], flow=False)
        form = answer['command']['form']
        return {'status': answer['command']['status'], 'notes': [list(note) for note in answer['command']['notes']],
                'values': {name: field['value'] for name, field in form.get_fields().items()},
                'rows': [dict(row) for row in form['items']], 'steps': steps}

    async def run(self, command):
        kind = command.pop('do')
        if kind == 'join':
            await self['xep_0045'].join_muc_wait(slixmpp.JID(command['room']), command['nick'], timeout=20)
            if command['room'] in self.new_rooms:
                await self.take(command['room'])
            return {}
        if kind == 'leave':
            self['xep_0045'].leave_muc(slixmpp.JID(command['room']), command['nick'])
            return {}
        if kind == 'say':
            message = self.make_message(mto=command['room'], mbody=command['body'], mtype='groupchat')
            message['id'] = self.new_id()
            message.send()
            return {'id': message['id']}
        if kind == 'private':
            self.send_message(mto=command['to'], mbody=command['body'], mtype='chat')
            return {}
        if kind == 'chat_state':
            message = self.make_message(mto=command['room'], mtype='groupchat')
            message['chat_state'] = command['state']
            message.send()
            return {}
        if kind == 'rooms':
            items = await self['xep_0030'].get_items(jid=command['service'])
            return {'rooms': [[jid, name] for jid, _node, name in items['disco_items']['items']]}
        if kind == 'archive':
            bodies = []
            pages = self['xep_0313'].iterate(jid=slixmpp.JID(command['room']), reverse=command['reverse'],
                                             rsm={'max': command['max']})
            async for message in pages:
                bodies.append(message['mam_result']['forwarded']['stanza']['body'])
            return {'bodies': bodies}
        if kind == 'moderate':
            await self['xep_0425'].moderate(slixmpp.JID(command['room']), command['id'], command['reason'])
            return {}
        if kind == 'search':
            iq = self.make_iq_set(ito=command['room'])
            form = iq['mam']['form']
            form['type'] = 'submit'
            form.add_field(var='FORM_TYPE', ftype='hidden', value='urn:xmpp:mam:2')
            form.add_field(var='{urn:xmpp:fulltext:0}fulltext', value=command['text'])
            found = []
            self.register_handler(slixmpp.xmlstream.handler.Callback(
                'search', slixmpp.xmlstream.matcher.StanzaPath('message/mam_result'),
                lambda m: found.append(m['mam_result']['forwarded']['stanza']['body'])))
            await iq.send()
            self.remove_handler('search')
            return {'bodies': found}
        if kind == 'contact':
            self.auto_authorize, self.auto_subscribe = True, True
            self.send_presence_subscription(pto=command['jid'])
            return {}
        if kind == 'roster':
            await self.get_roster()
            return {'contacts': {jid: self.client_roster[jid]['subscription'] for jid in self.client_roster.keys()
                                 if self.client_roster[jid]['subscription'] != 'none'}}
        if kind == 'commands':
            items = await self['xep_0050'].get_commands(slixmpp.JID(command['service']))
            return {'nodes': sorted(node for _jid, node, _name in items['disco_items']['items'])}
        if kind == 'command':
            return await self.run_command(command)
        if kind == 'send':
            self.send_raw(command['xml'])
            return {}
        if kind == 'set':
            iq = self.make_iq_set(ito=command['to'])
            iq.append(ET.fromstring(command['xml']))
            await iq.send()
            return {}
        if kind == 'ping':
            await self['xep_0199'].ping(slixmpp.JID(command['to']))
            return {}
        raise ValueError('unknown command ' + kind)


async def commands(client):
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2 ** 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        command = json.loads(line)
        ref = command.pop('ref')
        try:
            emit(event='done', ref=ref, **(await client.run(command)))
        except slixmpp.exceptions.PresenceError as error:
            emit(event='failed', ref=ref, reason=error.presence['error']['condition'])
        except slixmpp.exceptions.IqError as error:
            emit(event='failed', ref=ref, reason=error.condition)
        except Exception as error:  # told to the test, which decides
            emit(event='failed', ref=ref, reason=repr(error))
    client.disconnect()


def main():
    host, port, jid, password = sys.argv[1:5]
    client = Client(jid, password)
    client.connect(address=(host, int(port)), disable_starttls=True)
    client.loop.run_until_complete(commands(client))


main()
