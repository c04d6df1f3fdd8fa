// A patrol 巡查: begun and ended by the person. While a page of the phone is open its way is noted, encrypted, in this
// phone; when it is over it is sent like a move. data-patrol: begin and end; data-patrol-strip: on every page.

import { timeWords } from "../base.js";
import { button, element } from "../dom.js";
import { newKey } from "./photos.js";
import { keep, replay } from "./queue.js";
import { all, canKeep, forget, get, owner, put } from "./store.js";

const ADDRESS = "/field/patrols/keep/";
// A point is noted after so many metres, or after a while on one spot.
const STEP_METRES = 10;
const STILL_SECONDS = 60;
const GOOD_METRES = 60;
const MOST_POINTS = 6000;
const LONGEST_MS = 16 * 3600 * 1000;
const DEGREE_METRES = 111320;

const patrol = { now: null, watching: undefined, problem: "" }; // the one under way

function metres([, lon1, lat1], [, lon2, lat2]) {
  const across = (lon2 - lon1) * Math.cos(((lat1 + lat2) / 2) * (Math.PI / 180));
  return Math.hypot(across, lat2 - lat1) * DEGREE_METRES;
}

function length(points) {
  return points.slice(1).reduce((sum, point, index) => sum + metres(points[index], point), 0);
}

function distanceWords(points) {
  const way = length(points);
  return way < 1000 ? `${Math.round(way)} 米` : `${(way / 1000).toFixed(1)} 公里`;
}

// What is kept ----------------------------------------------------------------------------------------------------

async function underWay() {
  return (await all("patrols")).find(({ value }) => value)?.value ?? null;
}

// One page at a time: what another one has written meanwhile is not lost, its findings, and that the patrol was ended there.
function alone(act) {
  return navigator.locks ? navigator.locks.request("gridloop-patrol-store", act) : act();
}

function save() {
  return alone(saved);
}

async function saved() {
  const mine = patrol.now;
  const stored = mine && (await get("patrols", mine.key))?.value;
  if (!stored) return stop();
  mine.findings = [...new Set([...stored.findings, ...mine.findings])];
  return put("patrols", mine.key, mine, mine.begun);
}

async function begin() {
  const made = { key: newKey(), owner: await owner(), begun: Date.now(), points: [], findings: [] };
  if (!made.key || !(await put("patrols", made.key, made, made.begun))) return;
  show();
  record();
}

async function end() {
  if (!await alone(ended)) return;
  await show();
  await replay();
}

// It waits with whatever else this phone has to send.
async function ended() {
  await saved();
  const last = await underWay();
  stop();
  if (!last) return false;
  const seconds = last.points.at(-1)?.[0] ?? 0; // a clock may have been set back meanwhile
  const at = Math.max(Math.min(Date.now(), last.begun + LONGEST_MS), last.begun + 1000 * seconds);
  const isKept = await keep({
    kind: "moves", key: last.key, owner: last.owner, savedAt: at, address: ADDRESS, pictures: "", page: "", photos: [], sent: 0,
    doing: "巡查", title: `${timeWords(last.begun)} 开始，${progress(last)}`,
    fields: Object.entries({
      key: last.key,
      begun_at: new Date(last.begun).toISOString(),
      ended_at: new Date(at).toISOString(),
      points: JSON.stringify(last.points),
      findings: last.findings.join(" "),
    }),
  });
  if (isKept) await forget("patrols", last.key);
  return isKept;
}

// Where the person is ---------------------------------------------------------------------------------------------

// One page notes the way, one that is looked at: a hidden one is told no position.
function record() {
  if (!navigator.locks || patrol.asked) return;
  patrol.asked = true;
  navigator.locks.request("gridloop-patrol", async () => {
    if (document.hidden || !patrol.asked) return;
    patrol.now = await underWay();
    if (!patrol.now) return (patrol.asked = false);
    watch();
    await new Promise((done) => (patrol.release = done));
  });
}

function watch() {
  if (!navigator.geolocation) return;
  patrol.watching = navigator.geolocation.watchPosition(({ coords }) => note(coords), ({ code }) => {
    patrol.problem = code === 1 ? "没有定位权限，走过的路线记不下来，发现照常上报。" : "暂时收不到定位信号。";
    show();
  }, { enableHighAccuracy: true, maximumAge: 5000 });
}

function stop() {
  if (patrol.watching !== undefined) navigator.geolocation.clearWatch(patrol.watching);
  patrol.release?.();
  Object.assign(patrol, { now: null, watching: undefined, asked: false, release: undefined });
}

function note({ longitude, latitude, accuracy }) {
  const { begun, points } = patrol.now;
  patrol.problem = "";
  if (Date.now() - begun > LONGEST_MS) return end();
  const point = [Math.max(0, Math.round((Date.now() - begun) / 1000)), +longitude.toFixed(6), +latitude.toFixed(6), Math.round(accuracy)];
  const last = points.at(-1);
  if (accuracy > GOOD_METRES || points.length >= MOST_POINTS) return;
  if (last && (point[0] < last[0] || (metres(last, point) < STEP_METRES && point[0] - last[0] < STILL_SECONDS))) return;
  points.push(point);
  save(); // at once: a page that is left has no time for it
  show();
}

// What is shown ---------------------------------------------------------------------------------------------------

async function show() {
  const now = patrol.now ?? await underWay();
  const strip = document.querySelector("[data-patrol-strip]");
  const box = document.querySelector("[data-patrol]");
  if (strip) {
    strip.hidden = !now || Boolean(box);
    if (now) strip.querySelector("span").textContent = `巡查中 · ${progress(now)}`;
  }
  if (box) box.replaceChildren(...(now ? running(now) : [await start()]));
}

function progress({ points, findings }) {
  return [points.length > 1 ? distanceWords(points) : "等待定位", findings.length ? `发现 ${findings.length} 件` : ""].filter(Boolean).join(" · ");
}

async function start() {
  const begins = button("btn btn-primary btn-wide", "开始巡查", begin);
  if (await canKeep()) return begins;
  return element("p", "error", "浏览器不能存在本机，巡查记不下来；发现的问题请直接上报。");
}

function running(now) {
  const report = element("a", "btn btn-primary", "发现问题，上报");
  report.href = "/field/report/";
  const row = element("div", "row");
  row.append(report, button("btn", "结束巡查", end));
  const lines = [element("strong", "", `巡查中，${timeWords(now.begun)} 开始`), element("p", "patrol-progress", progress(now))];
  if (patrol.problem) lines.push(element("p", "error", patrol.problem));
  return [...lines, row];
}

// Whatever is reported meanwhile is a finding of the patrol; the report says so itself, wherever it is sent from.
async function startFindings(form) {
  if (!await underWay()) return;
  const mark = element("input");
  Object.assign(mark, { type: "hidden", name: "patrol", value: "1" });
  form.append(mark);
  form.addEventListener("submit", () => {
    const key = form.elements.key.value;
    alone(async () => {
      const now = await underWay();
      if (now) await put("patrols", now.key, { ...now, findings: [...new Set([...now.findings, key])] }, now.begun);
    });
  });
}

export async function startPatrol(root) {
  const form = root.querySelector("[data-report]");
  if (form) startFindings(form);
  if (root.querySelector("[data-patrol]")) {
    navigator.wakeLock?.request("screen").catch(() => {}); // a locked phone gives no position
  }
  document.addEventListener("visibilitychange", async () => {
    if (document.hidden) stop();
    else if (await underWay()) record();
  });
  await show();
  if (await underWay()) record();
}
