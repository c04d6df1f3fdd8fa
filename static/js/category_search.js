// Which categories a worker means: by everyday words, by name, by full pinyin or by the first letters of it.
// An entry is {id, name, className, code, everyday, terms}; a term is {word, full, initials}, the name is the first one.
// No page, no net: the same search serves every picker, with and without signal.

const EXACT = 100;
const LEAST = 18;
// What a place has often goes before what fits as well.
const EVERYDAY = 3;
const FREQUENT = 12;
// Pairs of characters that say nothing about what is meant.
const EMPTY = new Set("有人 没人 几天 好几 小区 老是 一直 天天 怎么 咋个 这里 那里 门口 楼下 我家 家里 我们 没得 没有 旁边 路边 一个 不了 不能 上面 里面 外面 时候 东西".split(" "));

export function entry({ id, name, className, code, everyday, words }) {
  const terms = words.map(([word, pinyin]) => ({
    word: plain(word),
    full: pinyin.replaceAll(" ", ""),
    initials: pinyin.split(" ").map((syllable) => syllable[0] ?? "").join(""),
    syllables: pinyin.split(" "),
  }));
  return { id: String(id), name, className, code, everyday, terms };
}

// The best first, at most `most`; `frequent` is a share from 0 to 1 by id.
export function search(entries, text, { frequent = {}, most = 12 } = {}) {
  const asked = plain(text);
  if (!asked) return [];
  return entries
    .map((one) => ({ one, points: pointsOf(one, asked) }))
    .filter(({ points }) => points >= LEAST)
    .map(({ one, points }) => ({
      one,
      points: points + EVERYDAY * one.everyday + FREQUENT * Math.sqrt(frequent[one.id] ?? 0),
    }))
    .sort((a, b) => b.points - a.points || a.one.code.localeCompare(b.one.code))
    .slice(0, most)
    .map(({ one }) => one);
}

function plain(text) {
  return text.toLowerCase().replace(/[\s\p{P}\p{S}]/gu, "");
}

function pointsOf(one, asked) {
  const letters = /^[a-z0-9]+$/.test(asked);
  if (/^\d+$/.test(asked)) return one.code.startsWith(asked) ? EXACT : 0;
  const points = one.terms
    .map((term) => (letters ? Math.max(byPinyin(term, asked), byWord(term.word, asked)) : byWord(term.word, asked)))
    .filter(Boolean)
    .sort((a, b) => b - a);
  if (!points.length) return !letters && one.className.includes(asked) ? LEAST : 0;
  // Several words of an entry in one sentence say more than one.
  return points[0] + Math.min(20, points.slice(1, 5).reduce((sum, each) => sum + each / 8, 0));
}

function byPinyin({ full, initials, syllables }, asked) {
  if (full === asked) return EXACT - 5;
  if (initials === asked) return EXACT - 20;
  if (full.startsWith(asked)) return 60 + (20 * asked.length) / full.length;
  if (initials.startsWith(asked)) return 45 + (20 * asked.length) / initials.length;
  if (asked.length > 2 && syllables.some((_, at) => at && syllables.slice(at).join("").startsWith(asked))) return 38;
  if (asked.length > 1 && initials.includes(asked)) return 30;
  return asked.length > 5 && asked.includes(full) && full.length > 4 ? 35 : 0;
}

function byWord(word, asked) {
  if (word === asked) return EXACT;
  if (asked.includes(word)) return word.length > 1 ? 22 + 15 * Math.min(word.length, 5) : 30;
  if (word.includes(asked)) return (word.startsWith(asked) ? 48 : 40) + (30 * asked.length) / word.length;
  if (word.length > 2 && isSpread(word, asked)) return 20 + 11 * Math.min(word.length, 5);
  return shared(word, asked);
}

// All characters of a word in their order, with others between them: 电动车充电 in 电动车在楼下充电.
function isSpread(word, asked) {
  let at = -1;
  for (const character of word) {
    at = asked.indexOf(character, at + 1);
    if (at < 0) return false;
  }
  return true;
}

// Pairs of characters that both have.
function shared(word, asked) {
  const [mine, others] = [pairs(word), pairs(asked)];
  const both = mine.filter((pair) => others.includes(pair)).length;
  return both ? 12 + (40 * 2 * both) / (mine.length + others.length) + 3 * both : 0;
}

function pairs(text) {
  return Array.from({ length: Math.max(0, text.length - 1) }, (_, at) => text.slice(at, at + 2)).filter(
    (pair) => !EMPTY.has(pair),
  );
}
