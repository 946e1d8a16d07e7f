/** The tables in PostgreSQL, as numbered steps. A step that was released is never changed. */

/**
 * Step n leads from version n to n + 1. The first is what SQLite has after its second step; from then on both have the
 * same ones. Keys are compared byte by byte, whatever language the database is set to.
 */
export const MIGRATIONS: readonly string[] = [
  `
  -- Number of the last write: tells whether one took effect whose answer was lost (postgres-session.ts).
  CREATE TABLE gateway_turn (turn bigint NOT NULL);
  INSERT INTO gateway_turn VALUES (0);

  -- Rooms that have messages, by a small number.
  CREATE TABLE archive_room (
    key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    localpart text COLLATE "C" NOT NULL UNIQUE
  );
  -- ordinal: place in the room, without gaps, growing with id; so a count is a difference of two.
  -- words: those of the body, with the room and its author as two more (postgres-text.ts).
  CREATE TABLE message (
    id bigint PRIMARY KEY,
    room bigint NOT NULL REFERENCES archive_room (key),
    ordinal bigint NOT NULL,
    at_ms bigint NOT NULL,
    occupant_id text COLLATE "C" NOT NULL,
    nick text NOT NULL,
    kind text NOT NULL,
    body text,
    xml text NOT NULL,
    network_id text COLLATE "C",
    words tsvector
  );
  CREATE INDEX message_by_room ON message (room, id);
  CREATE INDEX message_by_occupant ON message (room, occupant_id, id);
  CREATE UNIQUE INDEX message_by_network_id ON message (room, network_id) WHERE network_id IS NOT NULL;
  CREATE INDEX message_by_word ON message USING gin (words);
  CREATE TABLE archive_total (messages bigint NOT NULL);
  INSERT INTO archive_total VALUES (0);

  CREATE TABLE room (
    localpart text COLLATE "C" PRIMARY KEY,
    network text NOT NULL,
    lobby text COLLATE "C" NOT NULL UNIQUE,
    name text NOT NULL,
    created_by text,
    subject text NOT NULL,
    created_at_ms bigint NOT NULL
  );
  CREATE TABLE room_alias (
    alias text COLLATE "C" PRIMARY KEY,
    localpart text COLLATE "C" NOT NULL REFERENCES room (localpart)
  );

  CREATE TABLE nick_holder (
    place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    room text COLLATE "C" NOT NULL,
    nick text COLLATE "C" NOT NULL,
    participant text NOT NULL,
    UNIQUE (room, nick)
  );

  CREATE TABLE account (
    name text COLLATE "C" PRIMARY KEY,
    salt bytea NOT NULL,
    iterations bigint NOT NULL,
    sha1_stored bytea NOT NULL,
    sha1_server bytea NOT NULL,
    sha256_stored bytea NOT NULL,
    sha256_server bytea NOT NULL,
    vcard text
  );
  CREATE TABLE account_private_xml (
    account text COLLATE "C" NOT NULL REFERENCES account (name) ON DELETE CASCADE,
    key text COLLATE "C" NOT NULL,
    xml text NOT NULL,
    PRIMARY KEY (account, key)
  );

  CREATE TABLE hearing (
    room text COLLATE "C" PRIMARY KEY,
    deaf_since_ms bigint,
    gaps bigint NOT NULL,
    gap_from_ms bigint,
    gap_to_ms bigint
  );

  CREATE TABLE meta (key text COLLATE "C" PRIMARY KEY, value text NOT NULL);
  `,
  `
  ALTER TABLE message ADD COLUMN corrects bigint;
  CREATE INDEX message_by_corrected ON message (room, corrects) WHERE corrects IS NOT NULL;
  `,
  `
  -- Lists of texts that an account keeps. place: order of the last put within the list.
  CREATE TABLE account_list (
    account text COLLATE "C" NOT NULL REFERENCES account (name) ON DELETE CASCADE,
    list text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    place bigint NOT NULL,
    characters bigint NOT NULL,
    text text NOT NULL,
    PRIMARY KEY (account, list, id)
  );
  -- Covers the sum that bounds an account.
  CREATE INDEX account_list_size ON account_list (account, characters);
  `,
  `
  CREATE TABLE occupant (
    room text COLLATE "C" NOT NULL,
    session text COLLATE "C" NOT NULL,
    nick text NOT NULL,
    presence text NOT NULL,
    PRIMARY KEY (room, session)
  );
  `,
  'CREATE INDEX message_by_nick ON message (room, nick, id);',
  `
  -- What owners decided of rooms: settings, lobby and tombstone are JSON.
  CREATE TABLE room_state (
    room text COLLATE "C" PRIMARY KEY,
    settings text NOT NULL,
    lobby text,
    tombstone text
  );
  CREATE TABLE room_affiliation (
    room text COLLATE "C" NOT NULL,
    address text COLLATE "C" NOT NULL,
    affiliation text NOT NULL,
    reason text NOT NULL,
    nick text NOT NULL,
    PRIMARY KEY (room, address)
  );
  `,
  `
  -- Who stays in the lobby while away, and notices of mentions that wait for them.
  ALTER TABLE room_affiliation ADD COLUMN is_staying bigint NOT NULL DEFAULT 0;
  CREATE TABLE mention (
    place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account text COLLATE "C" NOT NULL,
    xml text NOT NULL
  );
  CREATE INDEX mention_by_account ON mention (account, place);
  `,
  `
  -- What friends write to operators who are away.
  CREATE TABLE operator_mail (
    place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account text COLLATE "C" NOT NULL,
    xml text NOT NULL
  );
  CREATE INDEX operator_mail_by_account ON operator_mail (account, place);
  `,
]
