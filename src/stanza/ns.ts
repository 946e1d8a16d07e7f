/** XML namespaces by short name, each with the specification that defines it. */
export const NS = {
  client: 'jabber:client', // RFC 6120
  component: 'jabber:component:accept', // XEP-0114
  nick: 'http://jabber.org/protocol/nick', // XEP-0172
  conference: 'jabber:x:conference', // XEP-0249
  streams: 'http://etherx.jabber.org/streams', // RFC 6120
  streamErrors: 'urn:ietf:params:xml:ns:xmpp-streams', // RFC 6120
  stanzaErrors: 'urn:ietf:params:xml:ns:xmpp-stanzas', // RFC 6120
  sasl: 'urn:ietf:params:xml:ns:xmpp-sasl', // RFC 6120
  bind: 'urn:ietf:params:xml:ns:xmpp-bind', // RFC 6120
  startTls: 'urn:ietf:params:xml:ns:xmpp-tls', // RFC 6120
  session: 'urn:ietf:params:xml:ns:xmpp-session', // RFC 3921
  framing: 'urn:ietf:params:xml:ns:xmpp-framing', // RFC 7395
  roster: 'jabber:iq:roster', // RFC 6121
  dataForms: 'jabber:x:data', // XEP-0004
  discoInfo: 'http://jabber.org/protocol/disco#info', // XEP-0030
  discoItems: 'http://jabber.org/protocol/disco#items', // XEP-0030
  muc: 'http://jabber.org/protocol/muc', // XEP-0045
  mucUser: 'http://jabber.org/protocol/muc#user', // XEP-0045
  mucAdmin: 'http://jabber.org/protocol/muc#admin', // XEP-0045
  mucOwner: 'http://jabber.org/protocol/muc#owner', // XEP-0045
  mucRoomConfig: 'http://jabber.org/protocol/muc#roomconfig', // XEP-0045
  mucRequest: 'http://jabber.org/protocol/muc#request', // XEP-0045
  mucRegister: 'http://jabber.org/protocol/muc#register', // XEP-0045
  mucRoomInfo: 'http://jabber.org/protocol/muc#roominfo', // XEP-0045
  affiliationVersions: 'urn:xmpp:muc:affiliations:1', // XEP-0463
  mucTraffic: 'http://jabber.org/protocol/muc#traffic', // XEP-0045
  mucStableId: 'http://jabber.org/protocol/muc#stable_id', // XEP-0045
  pubsub: 'http://jabber.org/protocol/pubsub', // XEP-0060
  pubsubOwner: 'http://jabber.org/protocol/pubsub#owner', // XEP-0060
  pubsubEvent: 'http://jabber.org/protocol/pubsub#event', // XEP-0060
  pubsubErrors: 'http://jabber.org/protocol/pubsub#errors', // XEP-0060
  commands: 'http://jabber.org/protocol/commands', // XEP-0050
  storedBookmarks: 'storage:bookmarks', // XEP-0048
  privateXml: 'jabber:iq:private', // XEP-0049
  vcard: 'vcard-temp', // XEP-0054
  vcardUpdate: 'vcard-temp:x:update', // XEP-0153
  rsm: 'http://jabber.org/protocol/rsm', // XEP-0059
  oob: 'jabber:x:oob', // XEP-0066
  register: 'jabber:iq:register', // XEP-0077
  urlData: 'http://jabber.org/protocol/url-data', // XEP-0103
  dataValidation: 'http://jabber.org/protocol/xdata-validate', // XEP-0122
  chatStates: 'http://jabber.org/protocol/chatstates', // XEP-0085
  version: 'jabber:iq:version', // XEP-0092
  caps: 'http://jabber.org/protocol/caps', // XEP-0115
  streamManagement: 'urn:xmpp:sm:3', // XEP-0198
  ping: 'urn:xmpp:ping', // XEP-0199
  time: 'urn:xmpp:time', // XEP-0202
  delay: 'urn:xmpp:delay', // XEP-0203
  carbons: 'urn:xmpp:carbons:2', // XEP-0280
  forward: 'urn:xmpp:forward:0', // XEP-0297
  hashes: 'urn:xmpp:hashes:2', // XEP-0300
  correction: 'urn:xmpp:message-correct:0', // XEP-0308
  mam: 'urn:xmpp:mam:2', // XEP-0313
  mamExtended: 'urn:xmpp:mam:2#extended', // XEP-0313
  hints: 'urn:xmpp:hints', // XEP-0334
  clientState: 'urn:xmpp:csi:0', // XEP-0352
  reference: 'urn:xmpp:reference:0', // XEP-0372
  sid: 'urn:xmpp:sid:0', // XEP-0359
  mucSelfPing: 'http://jabber.org/protocol/muc#self-ping-optimization', // XEP-0410
  upload: 'urn:xmpp:http:upload:0', // XEP-0363
  bookmarks: 'urn:xmpp:bookmarks:1', // XEP-0402
  occupantId: 'urn:xmpp:occupant-id:0', // XEP-0421
  fasten: 'urn:xmpp:fasten:0', // XEP-0422
  retraction: 'urn:xmpp:message-retract:1', // XEP-0424
  oldRetraction: 'urn:xmpp:message-retract:0', // XEP-0424 before version 0.4
  moderation: 'urn:xmpp:message-moderate:1', // XEP-0425
  oldModeration: 'urn:xmpp:message-moderate:0', // XEP-0425 before version 0.3
  fulltext: 'urn:xmpp:fulltext:0', // XEP-0431
  fallback: 'urn:xmpp:fallback:0', // XEP-0428
  search: 'urn:xmpp:channel-search:0:search', // XEP-0433
  searchParams: 'urn:xmpp:channel-search:0:search-params', // XEP-0433
  searchOrder: 'urn:xmpp:channel-search:0:order', // XEP-0433
  searchError: 'urn:xmpp:channel-search:0:error', // XEP-0433
  activity: 'urn:xmpp:rai:0', // XEP-0437
  channelBinding: 'urn:xmpp:sasl-cb:0', // XEP-0440
  reactions: 'urn:xmpp:reactions:0', // XEP-0444
  outage: 'urn:xmpp:sos:0', // XEP-0455
  fileMetadata: 'urn:xmpp:file:metadata:0', // XEP-0446
  fileSharing: 'urn:xmpp:sfs:0', // XEP-0447
  reply: 'urn:xmpp:reply:0', // XEP-0461
  mentions: 'urn:xmpp:mmn:0', // XEP-0452
  archived: 'urn:xmpp:mam:tmp', // XEP-0313 before version 0.4
  userRooms: 'ns:getrooms', // docs/ethora.md
  roomPictures: 'ns:getrooms:setprofile', // docs/ethora.md
  roomMembers: 'ns:room:last', // docs/ethora.md
  lastViewed: 'chatjson:store', // docs/ethora.md
} as const
