/** The tables in SQLite, as numbered steps. A step that was released is never changed. */

/** Step n leads from version n to n + 1. */
export const MIGRATIONS: readonly string[] = [
  `
  -- Rooms that have messages, by a small number.
  CREATE TABLE archive_room (
    key INTEGER PRIMARY KEY,
    localpart TEXT NOT NULL UNIQUE
  );
  -- ordinal: place in the room, without gaps, growing with id; so a count is a difference of two.
  CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    room INTEGER NOT NULL REFERENCES archive_room (key),
    ordinal INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    occupant_id TEXT NOT NULL,
    nick TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT,
    xml TEXT NOT NULL,
    network_id TEXT
  );
  -- Each ends in id, the key of the table.
  CREATE INDEX message_by_room ON message (room);
  CREATE INDEX message_by_occupant ON message (room, occupant_id);
  CREATE UNIQUE INDEX message_by_network_id ON message (room, network_id) WHERE network_id IS NOT NULL;
  CREATE TABLE archive_total (messages INTEGER NOT NULL);
  INSERT INTO archive_total VALUES (0);

  CREATE TABLE room (
    localpart TEXT PRIMARY KEY,
    network TEXT NOT NULL,
    lobby TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_by TEXT,
    subject TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE room_alias (
    alias TEXT PRIMARY KEY,
    localpart TEXT NOT NULL REFERENCES room (localpart)
  ) WITHOUT ROWID;

  CREATE TABLE nick_holder (
    place INTEGER PRIMARY KEY,
    room TEXT NOT NULL,
    nick TEXT NOT NULL,
    participant TEXT NOT NULL,
    UNIQUE (room, nick)
  );

  CREATE TABLE account (
    name TEXT PRIMARY KEY,
    salt BLOB NOT NULL,
    iterations INTEGER NOT NULL,
    sha1_stored BLOB NOT NULL,
    sha1_server BLOB NOT NULL,
    sha256_stored BLOB NOT NULL,
    sha256_server BLOB NOT NULL,
    vcard TEXT
  ) WITHOUT ROWID;
  CREATE TABLE account_private_xml (
    account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
    key TEXT NOT NULL,
    xml TEXT NOT NULL,
    PRIMARY KEY (account, key)
  ) WITHOUT ROWID;

  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  `,
  `
  -- Words of bodies, under the id of their message. scope: the room, and the room with the author (sqlite-text.ts).
  -- It keeps no text of its own.
  CREATE VIRTUAL TABLE message_text USING fts5(
    scope, body, content = '', columnsize = 0, tokenize = 'unicode61 remove_diacritics 2'
  );
  INSERT INTO message_text (rowid, scope, body)
    SELECT id, 'r' || room || ' r' || room || 'a' || lower(hex(occupant_id)), body
    FROM message WHERE body IS NOT NULL ORDER BY id;

  CREATE TABLE hearing (
    room TEXT PRIMARY KEY,
    deaf_since_ms INTEGER,
    gaps INTEGER NOT NULL,
    gap_from_ms INTEGER,
    gap_to_ms INTEGER
  ) WITHOUT ROWID;
  `,
  `
  ALTER TABLE message ADD COLUMN corrects INTEGER;
  CREATE INDEX message_by_corrected ON message (room, corrects) WHERE corrects IS NOT NULL;
  `,
  `
  -- Lists of texts that an account keeps. place: order of the last put within the list.
  CREATE TABLE account_list (
    account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
    list TEXT NOT NULL,
    id TEXT NOT NULL,
    place INTEGER NOT NULL,
    characters INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (account, list, id)
  );
  -- Covers the sum that bounds an account.
  CREATE INDEX account_list_size ON account_list (account, characters);
  `,
  `
  CREATE TABLE occupant (
    room TEXT NOT NULL,
    session TEXT NOT NULL,
    nick TEXT NOT NULL,
    presence TEXT NOT NULL,
    PRIMARY KEY (room, session)
  ) WITHOUT ROWID;
  `,
  'CREATE INDEX message_by_nick ON message (room, nick);',
  `
  -- What owners decided of rooms: settings, lobby and tombstone are JSON.
  CREATE TABLE room_state (
    room TEXT PRIMARY KEY,
    settings TEXT NOT NULL,
    lobby TEXT,
    tombstone TEXT
  ) WITHOUT ROWID;
  CREATE TABLE room_affiliation (
    room TEXT NOT NULL,
    address TEXT NOT NULL,
    affiliation TEXT NOT NULL,
    reason TEXT NOT NULL,
    nick TEXT NOT NULL,
    PRIMARY KEY (room, address)
  ) WITHOUT ROWID;
  `,
  `
  -- Who stays in the lobby while away, and notices of mentions that wait for them.
  ALTER TABLE room_affiliation ADD COLUMN is_staying INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE mention (
    place INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    xml TEXT NOT NULL
  );
  CREATE INDEX mention_by_account ON mention (account, place);
  `,
  `
  -- What friends write to operators who are away.
  CREATE TABLE operator_mail (
    place INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    xml TEXT NOT NULL
  );
  CREATE INDEX operator_mail_by_account ON operator_mail (account, place);
  `,
  `
  -- Messages whose words are not in message_text yet.
  CREATE TABLE text_pending (id INTEGER PRIMARY KEY);
  `,
]
