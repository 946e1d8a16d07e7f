-- Foyer's rooms on a Prosody server. To be included before the first VirtualHost of prosody.cfg.lua:
--   Include "/etc/prosody/foyer.cfg.lua"
-- Keep it readable for Prosody only (chown root:prosody, chmod 640), and restart Prosody: a reload opens no port.
-- Foyer then runs on the same machine with
--   FOYER_XMPP__DOMAIN=lobbies.example.org FOYER_XMPP__SERVER=null
--   FOYER_XMPP__COMPONENT__SECRET_FILE=/etc/foyer/component-secret

-- Where Foyer dials. Loopback, as the link has no TLS.
component_interfaces = { "127.0.0.1" }
component_ports = { 5347 }

Component "lobbies.example.org"
  -- The same in the file above: openssl rand -hex 32
  component_secret = "change me"
