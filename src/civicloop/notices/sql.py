"""The named statements of this room."""

# notices with their deliveries, each once for its recipient and key; what was told before is left as it is
TELL = """
WITH x AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS x(key text, recipient text, account_id bigint, post_id bigint,
        template text, data jsonb, matter_id uuid, link text, urgency smallint, cause_at timestamptz,
        due_at timestamptz, channels jsonb)),
n AS (
    INSERT INTO notices_notice (key, recipient, account_id, post_id, template, data, matter_id, link, urgency, cause_at,
        at)
    SELECT key, recipient, account_id, post_id, template, data, matter_id, link, urgency, cause_at, %(now)s FROM x
    ON CONFLICT (recipient, key) DO NOTHING RETURNING id, recipient, key),
d AS (
    INSERT INTO notices_delivery (notice_id, channel, account_id, urgency, state, due_at, tries, error, made_at)
    SELECT n.id, c.channel, x.account_id, x.urgency, 'waiting', x.due_at, 0, '', %(now)s
    FROM n JOIN x ON x.recipient = n.recipient AND x.key = n.key, jsonb_array_elements_text(x.channels) c(channel))
SELECT count(*) FROM n"""

# how many notices each of some reporters has had
TOLD_REPORTERS = """
SELECT recipient, count(*) FROM notices_notice WHERE recipient = ANY(%(recipients)s::text[]) GROUP BY recipient"""

# how many messages went today to the phone number that was left with each of some matters, by its unopened look-up; a
# number that somebody else has typed in cannot be flooded so
TOLD_NUMBERS = """
SELECT v.matter_id, v.lookup, count(n.id) FROM records_sealedvalue v
JOIN records_sealedvalue w ON w.lookup = v.lookup AND w.field = v.field
LEFT JOIN notices_notice n ON n.recipient = 'reporter:' || w.matter_id AND n.at >= %(since)s
WHERE v.matter_id = ANY(%(matters)s::uuid[]) AND v.field = 'reporter_phone' AND v.lookup IS NOT NULL
GROUP BY v.matter_id, v.lookup"""

# the same answer sent twice at once
BROADCAST_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('notices.broadcast:' || %(id)s, 0))"

UNREAD = """
SELECT count(*) FROM (
    SELECT 1 FROM notices_notice WHERE account_id = %(account)s AND read_at IS NULL LIMIT %(most)s) x"""

# -- sending: claims wait for one another, so that a day's bound holds for all workers together --

CLAIM_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('notices.delivery', 0))"
ANY_DUE = """
SELECT channel FROM unnest(%(channels)s::text[]) AS c(channel) WHERE EXISTS (
    SELECT FROM notices_delivery d WHERE d.channel = c.channel AND d.state = 'waiting' AND d.due_at <= %(now)s
        AND (d.leased_until IS NULL OR d.leased_until < %(now)s))"""
DUE = """
SELECT d.id, d.account_id, d.urgency, d.day, n.template
FROM notices_delivery d JOIN notices_notice n ON n.id = d.notice_id
WHERE d.channel = %(channel)s AND d.state = 'waiting' AND d.due_at <= %(now)s
    AND (d.leased_until IS NULL OR d.leased_until < %(now)s)
ORDER BY d.urgency DESC, d.due_at, d.id LIMIT %(batch)s"""
COUNTED = """
SELECT account_id, count(*) FROM notices_delivery
WHERE account_id = ANY(%(accounts)s::bigint[]) AND day = %(day)s GROUP BY account_id"""
LEASE = """
UPDATE notices_delivery SET leased_until = %(until)s, tries = tries + 1, day = coalesce(day, %(day)s)
WHERE id = ANY(%(ids)s::bigint[]) AND state = 'waiting' AND (leased_until IS NULL OR leased_until < %(now)s)
RETURNING id"""
POSTPONE = """
UPDATE notices_delivery SET due_at = %(due)s, leased_until = NULL
WHERE id = ANY(%(ids)s::bigint[]) AND state = 'waiting'"""
TO_DIGEST = """
UPDATE notices_delivery SET state = 'digest', due_at = %(due)s, leased_until = NULL
WHERE id = ANY(%(ids)s::bigint[]) AND state = 'waiting'"""

# what waits for a summary and is due, by account and template
FOR_DIGEST = """
SELECT d.account_id, n.template, array_agg(d.id), (array_agg(d.channel ORDER BY d.id))[1]
FROM notices_delivery d JOIN notices_notice n ON n.id = d.notice_id
WHERE d.state = 'digest' AND d.due_at <= %(now)s GROUP BY d.account_id, n.template ORDER BY d.account_id, n.template"""

# what waits at the receiving desk of each unit: all, due by the end of the day, overdue
AT_DESKS = """
SELECT unit_id, count(*), count(*) FILTER (WHERE due_at >= %(now)s AND due_at < %(end)s),
    count(*) FILTER (WHERE due_at < %(now)s)
FROM matters_matter WHERE "end" = '' AND desk_roles && ARRAY['receiving_clerk']::varchar[] GROUP BY unit_id"""
