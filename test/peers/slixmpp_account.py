#!/usr/bin/env python3
"""Uses what an account offers as slixmpp does: PEP, carbons, blocking, another password. Prints one JSON object.

Arguments: host port. Accounts: alice/wonder and bob/builder at localhost.
"""
import asyncio
import json
import sys

import slixmpp
from slixmpp.xmlstream import ET

BOOKMARKS = 'urn:xmpp:bookmarks:1'
PLUGINS = ('xep_0030', 'xep_0048', 'xep_0049', 'xep_0060', 'xep_0077', 'xep_0084', 'xep_0115', 'xep_0163', 'xep_0172',
           'xep_0191', 'xep_0280')
found = {}


async def login(jid, password):
    client = slixmpp.ClientXMPP(jid, password)
    for plugin in PLUGINS:
        client.register_plugin(plugin)
    client['feature_mechanisms'].unencrypted_scram = True
    client['feature_mechanisms'].unencrypted_plain = True
    client['xep_0163'].register_pep('user_nick', slixmpp.plugins.xep_0172.stanza.UserNick)
    ready = asyncio.get_running_loop().create_future()
    client.add_event_handler('session_start', lambda _: ready.done() or ready.set_result(True))
    client.add_event_handler('failed_auth', lambda _: ready.done() or ready.set_result(False))
    client.connect(address=(sys.argv[1], int(sys.argv[2])), disable_starttls=True)
    if await asyncio.wait_for(ready, 15):
        client.send_presence()
        await client.get_roster()
        return client
    return None


def future_of(client, event):
    future = asyncio.get_running_loop().create_future()
    client.add_event_handler(event, lambda stanza: future.done() or future.set_result(stanza))
    return future


async def nodes(alice, phone):
    conference = ET.Element('{%s}conference' % BOOKMARKS, {'name': 'Tea', 'autojoin': 'true'})
    ET.SubElement(conference, '{%s}nick' % BOOKMARKS).text = 'me'
    form = alice['xep_0004'].make_form(ftype='submit')
    form.add_field(var='FORM_TYPE', ftype='hidden', value='http://jabber.org/protocol/pubsub#publish-options')
    for name, value in (('persist_items', 'true'), ('max_items', 'max'), ('access_model', 'whitelist'),
                        ('send_last_published_item', 'never')):
        form.add_field(var='pubsub#' + name, value=value)
    await alice['xep_0060'].publish('alice@localhost', BOOKMARKS, id='tea@lobbies.localhost', payload=conference, options=form)
    items = await alice['xep_0060'].get_items('alice@localhost', BOOKMARKS)
    found['bookmark'] = [item['id'] for item in items['pubsub']['items']]
    old = await alice['xep_0048'].get_bookmarks(method='xep_0049')
    found['old bookmark'] = [str(c['jid']) for c in old['private']['bookmarks']['conferences']]
    nick = future_of(phone, 'user_nick_publish')
    await alice['xep_0172'].publish_nick('Ally')
    event = await asyncio.wait_for(nick, 10)
    found['nick'] = event['pubsub_event']['items']['item']['nick']['nick']
    picture = b'\x89PNG' * 5000
    avatar = alice['xep_0084']
    await avatar.publish_avatar(picture)
    await avatar.publish_avatar_metadata({'id': avatar.generate_id(picture), 'type': 'image/png', 'bytes': len(picture)})
    data = await phone['xep_0084'].retrieve_avatar('alice@localhost', avatar.generate_id(picture))
    found['avatar'] = data['pubsub']['items']['item']['avatar_data']['value'] == picture


async def main():
    alice = await login('alice@localhost/desk', 'wonder')
    phone = await login('alice@localhost/phone', 'wonder')
    bob = await login('bob@localhost/b', 'builder')
    await nodes(alice, phone)

    await phone['xep_0280'].enable()
    sent, received = future_of(phone, 'carbon_sent'), future_of(phone, 'carbon_received')
    alice.send_message(mto='bob@localhost', mbody='out', mtype='chat')
    bob.send_message(mto='alice@localhost/desk', mbody='in', mtype='chat')
    found['sent'] = (await asyncio.wait_for(sent, 10))['carbon_sent']['body']
    found['received'] = (await asyncio.wait_for(received, 10))['carbon_received']['body']

    await phone['xep_0191'].get_blocked()
    told = future_of(phone, 'blocked')
    await alice['xep_0191'].block('bob@localhost')
    await asyncio.wait_for(told, 10)
    found['blocked'] = [str(jid) for jid in (await alice['xep_0191'].get_blocked())['blocklist']['items']]
    refused = future_of(bob, 'message_error')
    bob.send_message(mto='alice@localhost', mbody='x', mtype='chat')
    found['refused'] = (await asyncio.wait_for(refused, 10))['error']['condition']

    await alice['xep_0077'].change_password('new', ifrom=None)
    found['old password'] = await login('alice@localhost/c', 'wonder') is not None
    found['new password'] = await login('alice@localhost/d', 'new') is not None
    print(json.dumps(found), flush=True)


asyncio.get_event_loop().run_until_complete(asyncio.wait_for(main(), 60))
