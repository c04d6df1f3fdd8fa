-- Multiplies the whistles of a throw-away clone to a number (parameters of tools/bench.py), after its cases; never run on
-- the site itself. Copies stand on other cases: open ones on open cases, one a case, the others spread over a year.

SET session_replication_role = replica;  -- this session alone: no foreign-key checks, copies point at what exists
SELECT setseed(0.31);

CREATE TEMP TABLE whistle_sources AS
SELECT id, is_open, row_number() OVER (PARTITION BY is_open ORDER BY random()) - 1 AS n
FROM (SELECT id, state IN ('asked', 'blown', 'on_site', 'settled') AS is_open FROM partybuilding_whistle) AS w;

CREATE TEMP TABLE whistle_spots AS
SELECT c.id AS case_id, c.is_open, row_number() OVER (PARTITION BY c.is_open ORDER BY random()) - 1 AS n
FROM cases_case c
WHERE c.street_id IS NOT NULL AND NOT EXISTS (SELECT FROM partybuilding_whistle w WHERE w.case_id = c.id);

CREATE TEMP TABLE secretaries AS
SELECT organization_id, min(user_id) AS person FROM governance_post WHERE role = 'secretary' AND ends_on IS NULL GROUP BY 1;

CREATE TEMP TABLE numbers AS
SELECT is_open, (SELECT count(*) FROM whistle_sources s WHERE s.is_open = o.is_open) AS sources,
       (SELECT count(*) FROM whistle_spots s WHERE s.is_open = o.is_open) AS spots
FROM (VALUES (true), (false)) AS o (is_open);
ANALYZE whistle_sources, whistle_spots, secretaries, numbers;

CREATE TEMP TABLE whistle_copies AS
SELECT (SELECT max(id) FROM partybuilding_whistle) + k.i AS id, f.id AS source, c.id AS case_id, c.category_id, c.address,
       c.longitude, c.latitude, c.district_id, c.street_id, c.community_id, s.person,
       CASE k.level WHEN 'district' THEN c.district_id WHEN 'street' THEN c.street_id ELSE c.community_id END AS side,
       CASE WHEN k.is_open THEN interval '0' ELSE random() * interval '365 days' END AS back
FROM (SELECT i, i > %(whistles)s - %(open)s AS is_open,
             (ARRAY['street', 'street', 'street', 'community', 'district'])[1 + i %% 5] AS level
      FROM generate_series(1, %(whistles)s) AS i) AS k
JOIN numbers ON numbers.is_open = k.is_open
JOIN whistle_sources f ON f.is_open = k.is_open AND f.n = k.i %% numbers.sources
JOIN whistle_spots p ON p.is_open = k.is_open AND p.n = k.i %% numbers.spots
JOIN cases_case c ON c.id = p.case_id
LEFT JOIN secretaries s ON s.organization_id =
     CASE k.level WHEN 'district' THEN c.district_id WHEN 'street' THEN c.street_id ELSE c.community_id END
WHERE NOT k.is_open OR k.i - (%(whistles)s - %(open)s) <= numbers.spots;
CREATE INDEX ON whistle_copies (source);

-- The unit of the same function and level at the new place.
CREATE TEMP TABLE call_copies AS
SELECT (SELECT max(id) FROM partybuilding_call) + row_number() OVER (ORDER BY c.id, f.id) AS id, f.id AS source,
       c.id AS whistle_id, c.back, c.person, coalesce(near.id, f.unit_id) AS unit
FROM whistle_copies c
JOIN partybuilding_call f ON f.whistle_id = c.source
JOIN governance_organization u ON u.id = f.unit_id
LEFT JOIN LATERAL (
    SELECT o.id FROM governance_organization o
    WHERE o.function = u.function AND o.level = u.level AND o.parent_id IN (c.community_id, c.street_id, c.district_id)
    ORDER BY o.id LIMIT 1
) AS near ON true;
CREATE INDEX ON call_copies (source);
CREATE INDEX ON call_copies (whistle_id);
ANALYZE whistle_copies, call_copies;

INSERT INTO partybuilding_whistle (
    id, uuid, version, chain_head, case_id, kind, label, rule, source, source_note, demands, state, category_id, address, longitude,
    latitude, district_id, street_id, community_id, side_id, asked_by_id, asked_at, blown_by_id, blown_at, settled_at, closed_at,
    lapses_at, units, people, due_at, lateness)
SELECT c.id, gen_random_uuid(), f.version, f.chain_head, c.case_id, f.kind, f.label, f.rule, f.source, f.source_note, f.demands,
       -- What nobody scored in time is filed by now.
       CASE WHEN f.state = 'closed' AND f.lapses_at - c.back < now() THEN 'scored' ELSE f.state END,
       c.category_id, c.address, c.longitude, c.latitude, c.district_id, c.street_id, c.community_id, c.side, f.asked_by_id,
       f.asked_at - c.back, coalesce(c.person, f.blown_by_id), f.blown_at - c.back, f.settled_at - c.back, f.closed_at - c.back,
       f.lapses_at - c.back, coalesce((SELECT array_agg(DISTINCT k.unit) FROM call_copies k WHERE k.whistle_id = c.id), '{}'),
       ARRAY[coalesce(c.person, f.blown_by_id, f.asked_by_id)], f.due_at - c.back, f.lateness
FROM whistle_copies c JOIN partybuilding_whistle f ON f.id = c.source
ORDER BY c.back DESC;

INSERT INTO partybuilding_call (
    id, whistle_id, unit_id, is_lead, why, stays_away, state, replaces_id, called_at, signed_at, contacted_at, arrived_at, finished_at,
    ended_at, released_at, refusal, right_unit_id, ordered_at, order_answered_at)
SELECT c.id, c.whistle_id, c.unit, f.is_lead, f.why, f.stays_away, f.state, r.id, f.called_at - c.back, f.signed_at - c.back,
       f.contacted_at - c.back, f.arrived_at - c.back, f.finished_at - c.back, f.ended_at - c.back, f.released_at - c.back, f.refusal,
       f.right_unit_id, f.ordered_at - c.back, f.order_answered_at - c.back
FROM call_copies c
JOIN partybuilding_call f ON f.id = c.source
LEFT JOIN call_copies r ON r.source = f.replaces_id AND r.whistle_id = c.whistle_id
ORDER BY c.id;

INSERT INTO partybuilding_callclock (
    call_id, step, "limit", opened_at, yellow_at, red_at, head_at, leader_at, order_at, rung, next_at, lateness, stopped_at, outcome)
SELECT c.id, f.step, f."limit", f.opened_at - c.back, f.yellow_at - c.back, f.red_at - c.back, f.head_at - c.back, f.leader_at - c.back,
       f.order_at - c.back, f.rung, f.next_at - c.back, f.lateness, f.stopped_at - c.back, f.outcome
FROM call_copies c JOIN partybuilding_callclock f ON f.call_id = c.source
ORDER BY c.id, f.id;

INSERT INTO partybuilding_arrival (call_id, person_id, proof, distance, came_at, claimed_at, left_at, left_early)
SELECT c.id, f.person_id, f.proof, f.distance, f.came_at - c.back, f.claimed_at, f.left_at - c.back, f.left_early
FROM call_copies c JOIN partybuilding_arrival f ON f.call_id = c.source;

INSERT INTO partybuilding_score (call_id, side, first, second, third, by_id, at)
SELECT c.id, f.side, f.first, f.second, f.third, f.by_id, f.at - c.back
FROM call_copies c JOIN partybuilding_score f ON f.call_id = c.source;

INSERT INTO partybuilding_task (whistle_id, unit_id, title, deadline, given_at, done_at, done_by_id)
SELECT c.id, f.unit_id, f.title, f.deadline - c.back, f.given_at - c.back, f.done_at - c.back, f.done_by_id
FROM whistle_copies c JOIN partybuilding_task f ON f.whistle_id = c.source;

INSERT INTO partybuilding_whistleevent (
    key, request_digest, whistle_id, call_id, sequence, at, move, before, after, by_id, contact, program_id, data, text_digest, previous,
    digest_version, digest)
SELECT gen_random_uuid(), e.request_digest, c.id, k.id, e.sequence, e.at - c.back, e.move, e.before, e.after, e.by_id, e.contact,
       e.program_id, e.data, e.text_digest, e.previous, e.digest_version, e.digest
FROM whistle_copies c
JOIN partybuilding_whistleevent e ON e.whistle_id = c.source
LEFT JOIN call_copies k ON k.source = e.call_id AND k.whistle_id = c.id
ORDER BY c.id, e.sequence;

INSERT INTO partybuilding_whistletext (whistle_id, sequence, body, salt, erased_at)
SELECT c.id, t.sequence, t.body, t.salt, t.erased_at FROM whistle_copies c JOIN partybuilding_whistletext t ON t.whistle_id = c.source;

INSERT INTO partybuilding_whistlephoto (uuid, by_id, contact, program_id, whistle_id, sequence, uploaded_at, file, sha256, width, height)
SELECT gen_random_uuid(), p.by_id, p.contact, p.program_id, c.id, p.sequence, p.uploaded_at - c.back, p.file, p.sha256, p.width, p.height
FROM whistle_copies c JOIN partybuilding_whistlephoto p ON p.whistle_id = c.source;

SELECT setval('partybuilding_whistle_id_seq', (SELECT max(id) FROM partybuilding_whistle)),
       setval('partybuilding_call_id_seq', (SELECT max(id) FROM partybuilding_call));

SET session_replication_role = DEFAULT;
