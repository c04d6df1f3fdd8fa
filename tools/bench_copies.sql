-- Multiplies the cases of a throw-away clone to a size (:parameters of tools/bench.py); never run on the site itself.
-- Copies move to a random grid, so that every street and community has its share, and spread over a year: rows, legs and
-- events together, each with the unit of the new place, so that measures count them as they count what was really done.

SET session_replication_role = replica;  -- this session alone: no foreign-key checks, copies point at what exists

-- Search indexes are built once at the end instead of row by row.
SET maintenance_work_mem = '256MB';
CREATE TEMP TABLE postponed AS
SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
WHERE a.amname = 'gin' AND i.indrelid IN ('cases_case'::regclass, 'cases_casetext'::regclass, 'cases_searchrow'::regclass);
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT p.name FROM postponed p LOOP EXECUTE 'DROP INDEX ' || name; END LOOP;
END $$;

SELECT setseed(0.53);

CREATE TEMP TABLE spots AS
SELECT row_number() OVER (ORDER BY random()) - 1 AS n, g.id AS grid, c.id AS community, s.id AS street, s.parent_id AS district,
       point(r.ring) AS middle
FROM grid_grid g
JOIN grid_gridring r ON r.grid_id = g.id
JOIN governance_organization c ON c.id = g.community_id
JOIN governance_organization s ON s.id = c.parent_id;

CREATE TEMP TABLE sources AS
SELECT id, is_open, row_number() OVER (PARTITION BY is_open ORDER BY random()) - 1 AS n FROM cases_case;

CREATE TEMP TABLE copies AS
SELECT k.id, f.id AS source, spots.grid, spots.community, spots.street, spots.district, k.wants_open,
       spots.middle[0] + (random() - 0.5) * 0.008 AS longitude, spots.middle[1] + (random() - 0.5) * 0.008 AS latitude,
       CASE WHEN k.wants_open THEN interval '0' ELSE random() * interval '365 days' END AS back,
       -- Open ones are not moved; reported and due at other times they are not all alike.
       CASE WHEN k.wants_open THEN random() * interval '40 hours' ELSE interval '0' END AS drift
FROM (SELECT (SELECT max(id) FROM cases_case) + i AS id, i, -- what is still open was reported last
             i > %(size)s - (SELECT count(*) FROM cases_case) - (%(open)s - (SELECT count(*) FROM cases_case WHERE is_open)) AS wants_open
      FROM generate_series(1, %(size)s - (SELECT count(*) FROM cases_case)) AS i) AS k
JOIN (SELECT is_open, count(*) AS sources FROM sources GROUP BY is_open) AS numbers ON numbers.is_open = k.wants_open
JOIN sources f ON f.is_open = k.wants_open AND f.n = k.i %% numbers.sources
JOIN spots ON spots.n = (k.i * 7919) %% (SELECT count(*) FROM spots);
CREATE INDEX ON copies (source);
ANALYZE copies;

-- The unit of the same function at the new place.
CREATE TEMP TABLE moved_units AS
SELECT c.id, coalesce(CASE WHEN u.function = '' THEN c.community END, near.id, f.unit_id) AS unit
FROM copies c
JOIN cases_case f ON f.id = c.source
JOIN governance_organization u ON u.id = f.unit_id
LEFT JOIN LATERAL (
    SELECT o.id FROM governance_organization o
    WHERE o.function = u.function AND u.function <> '' AND o.level = u.level AND o.parent_id IN (c.community, c.street, c.district)
    ORDER BY o.id LIMIT 1
) AS near ON true;

INSERT INTO cases_case (
    id, uuid, source, is_from_resident, category_id, responsibility_id, routing_reason, longitude, latitude, datum, tile_x, tile_y, address, grid_id,
    community_id, street_id, district_id, loop, centre_id, state, version, due_at, lateness, was_late, unit_id, reporters, handlers,
    people, units, waits_for, merged_into_id, refusals, rounds, extensions, was_suspended, was_delegated, climbed_by_time, urged_on, grade,
    reported_at, device_time, closed_at, chain_head)
SELECT
    c.id, gen_random_uuid(), f.source, f.is_from_resident, f.category_id, f.responsibility_id, f.routing_reason, c.longitude, c.latitude, f.datum,
    floor((c.longitude + 180) / 360 * 4194304),
    floor((0.5 - ln((1 + sin(radians(c.latitude))) / (1 - sin(radians(c.latitude)))) / (4 * pi())) * 4194304),
    f.address, c.grid, c.community, c.street, c.district, f.loop,
    CASE f.loop WHEN 'community' THEN c.community WHEN 'street' THEN c.street ELSE c.district END,
    -- What nobody evaluated in time has ended by now.
    CASE WHEN f.state = 'closed' AND f.due_at - c.back < now() THEN 'evaluated' ELSE f.state END, f.version,
    CASE WHEN f.lateness = 'red' THEN f.due_at - c.drift ELSE f.due_at + c.drift END - c.back,
    f.lateness, f.was_late, m.unit, f.reporters, f.handlers, f.people,
    CASE WHEN m.unit IS NULL THEN '{}' ELSE ARRAY[m.unit] END, '{}',  -- whom they wait for is written by tools/bench.py
    f.merged_into_id, f.refusals, f.rounds, f.extensions, f.was_suspended, f.was_delegated, f.climbed_by_time, f.urged_on,
    CASE WHEN f.state = 'closed' AND f.due_at - c.back < now() THEN 'lapsed' ELSE f.grade END,
    f.reported_at - c.back - c.drift, f.device_time, f.closed_at - c.back, f.chain_head
FROM copies c
JOIN cases_case f ON f.id = c.source
LEFT JOIN moved_units m ON m.id = c.id
ORDER BY c.back DESC;

INSERT INTO cases_assignment (
    case_id, step, loop, centre_id, unit_id, person_id, desk_allowed, tried, opened_at, limit_amount, limit_unit,
    counted_at, counted_from, counted_amount, added_amount, extended_amount, due_at, warn_at, escalate_at, sweep_at, lateness, is_provisional, stopped_at, outcome, is_late, back_to, rest_amount, responsibility_id)
SELECT
    c.id, l.step, l.loop, CASE l.loop WHEN 'community' THEN c.community WHEN 'street' THEN c.street ELSE c.district END,
    CASE WHEN l.unit_id IS NULL THEN NULL ELSE coalesce(m.unit, l.unit_id) END, l.person_id, l.desk_allowed, l.tried,
    l.opened_at - c.back - CASE WHEN l.id = first.id THEN c.drift ELSE interval '0' END, l.limit_amount, l.limit_unit, l.counted_at - c.back, l.counted_from - c.back, l.counted_amount,
    l.added_amount, l.extended_amount, 
    CASE WHEN l.stopped_at IS NOT NULL THEN l.due_at WHEN l.lateness = 'red' THEN l.due_at - c.drift ELSE l.due_at + c.drift END - c.back,
    l.warn_at - c.back, l.escalate_at - c.back, CASE WHEN ended.at IS NULL THEN l.sweep_at - c.back END,
    l.lateness, l.is_provisional, coalesce(ended.at, l.stopped_at - c.back),
    CASE WHEN ended.at IS NULL THEN l.outcome ELSE 'lapsed' END, l.is_late, l.back_to, l.rest_amount, l.responsibility_id
FROM copies c
JOIN cases_assignment l ON l.case_id = c.source
CROSS JOIN LATERAL (
    SELECT CASE WHEN l.step = 'evaluating' AND l.stopped_at IS NULL AND l.due_at - c.back < now() THEN l.due_at - c.back END AS at
) AS ended
JOIN (SELECT case_id, min(id) AS id FROM cases_assignment GROUP BY case_id) AS first ON first.case_id = c.source
LEFT JOIN moved_units m ON m.id = c.id
ORDER BY c.id, l.id;

INSERT INTO cases_caseevent (
    key, request_digest, case_id, sequence, at, move, before, after, by_id, contact, program_id, loop, centre_id, unit_id, data, text_digest, previous, digest_version, digest)
SELECT gen_random_uuid(), e.request_digest, c.id, e.sequence,
       e.at - c.back - CASE WHEN e.sequence = first.sequence THEN c.drift ELSE interval '0' END,
       e.move, e.before, e.after, e.by_id, e.contact, e.program_id, e.loop,
       CASE WHEN e.centre_id IS NULL THEN NULL WHEN e.loop = 'community' THEN c.community WHEN e.loop = 'street' THEN c.street ELSE c.district END,
       CASE WHEN e.unit_id IS NULL THEN NULL ELSE coalesce(m.unit, e.unit_id) END,
       e.data, e.text_digest, e.previous, e.digest_version, e.digest
FROM copies c
JOIN cases_caseevent e ON e.case_id = c.source
JOIN (SELECT case_id, min(sequence) AS sequence FROM cases_caseevent GROUP BY case_id) AS first ON first.case_id = c.source
LEFT JOIN moved_units m ON m.id = c.id
ORDER BY c.id, e.sequence;

INSERT INTO cases_casetext (case_id, sequence, body, salt, erased_at)
SELECT c.id, t.sequence, t.body, t.salt, t.erased_at FROM copies c JOIN cases_casetext t ON t.case_id = c.source
ORDER BY c.id, t.sequence;

-- Triggers are silent here.
INSERT INTO cases_searchrow (case_id, plain, keys)
SELECT found.* FROM (SELECT min(id) AS lowest, max(id) AS highest FROM copies) AS new, cases_search_rows(new.lowest, new.highest) AS found;

INSERT INTO cases_supervision (case_id, ordered_by_id, ordered_at, leader_id, unit_id, deadline, replied_by_id, replied_at, accepted_at, times, told_on, note)
SELECT c.id, s.ordered_by_id, s.ordered_at - c.back, s.leader_id, coalesce(m.unit, s.unit_id), s.deadline - c.back, s.replied_by_id,
    s.replied_at - c.back,
    -- Leaders strike off what is settled: open orders are on open cases alone.
    CASE WHEN n.is_open THEN s.accepted_at ELSE coalesce(s.accepted_at, s.deadline) END - c.back, s.times, s.told_on, s.note
FROM copies c JOIN cases_supervision s ON s.case_id = c.source JOIN cases_case n ON n.id = c.id
LEFT JOIN moved_units m ON m.id = c.id;

-- What nightly looks found among the originals they look for anew, among all.
TRUNCATE appraisal_looked, appraisal_placewarning, appraisal_repeat, appraisal_repeatplace, appraisal_misseddecision, appraisal_missedreport;

SELECT setval('cases_case_id_seq', (SELECT max(id) FROM cases_case));

DO $$ DECLARE definition text; BEGIN
    FOR definition IN SELECT p.definition FROM postponed p LOOP EXECUTE definition; END LOOP;
END $$;

SET session_replication_role = DEFAULT;
