-- Prosody of docker-compose.yml: accounts at localhost, and Foyer's rooms at lobbies.localhost. For the host's loopback: with
-- domains of your own, certificates, and c2s_require_encryption left out, it is the beginning of a real one.
-- An account: docker compose --profile prosody exec prosody prosodyctl register ann localhost PASSWORD
modules_enabled = { "roster"; "saslauth"; "disco"; "ping"; "private"; "carbons"; "pep"; "smacks"; "blocklist"; "vcard4"; }
modules_disabled = { "s2s" }
authentication = "internal_hashed"
c2s_require_encryption = false
allow_unencrypted_plain_auth = false
log = { { levels = { min = "info" }, to = "console" } }

-- Where Foyer dials. Loopback, as the link has no TLS: it shares this network.
component_interfaces = { "127.0.0.1" }
component_ports = { 5347 }

VirtualHost "localhost"

Component "lobbies.localhost"
  component_secret = assert(io.open("/run/secrets/component")):read("*l")
