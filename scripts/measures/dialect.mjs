import ts from 'typescript';

/** Habits of this project's old prose that native English avoids. */
const article = '(?:it|that|there|they|this|an?|the)';
const patterns = [
  /(?:^|[.:;!?] |and |but |or )(?:Who|Whoever|What) \w+[^?]*?[.;]/gm,
  new RegExp(`\\bwhere (?:${article}|nothing|none|nobody|somebody|cojson)\\b`, 'gi'),
  /\b(?:some|no)body\b/gi,
  /\b(?:tells?|told|hears?|heard|says|said)\b/gi,
  /\bstands?\b/gi,
  new RegExp(`, as ${article}\\b`, 'gi'),
  /\b(?:by itself|by themselves|of (?:its|their) own|in the very|all the same)\b/gi,
  /\b(?:is|are|was|were) to \w+/gi,
];
const minWordsOfSentence = 5;

/** @typedef {'comments' | 'strings' | 'docs'} Kind */
/** @typedef {{ readonly kind: Kind, readonly text: string, readonly line: number }} Passage */
/** @typedef {Readonly<Record<Kind, { readonly words: number, readonly matches: number }>>} Rates */

/**
 * Counts the words and the matches of each kind of prose.
 * @param {readonly { readonly path: string, readonly text: string }[]} files @returns {Rates}
 */
export function countDialect(files) {
  const passages = files.flatMap(({ path, text }) => passagesOf(path, text));
  /** @param {Kind} kind */
  const rateOf = (kind) => {
    const texts = passages.filter((passage) => passage.kind === kind).map(({ text }) => text);
    return {
      words: texts.reduce((sum, text) => sum + countWords(text), 0),
      matches: texts.reduce((sum, text) => sum + findMatches(text).length, 0),
    };
  };
  return { comments: rateOf('comments'), strings: rateOf('strings'), docs: rateOf('docs') };
}

/** Matches per 1,000 words. @param {{ readonly words: number, readonly matches: number }} counts */
export function rateOf({ words, matches }) {
  return words === 0 ? 0 : (1_000 * matches) / words;
}

/** @param {string} text @returns {readonly string[]} */
export function findMatches(text) {
  return patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([match]) => match));
}

/** The prose of a source file or Markdown document. @param {string} path @param {string} text @returns {readonly Passage[]} */
export function passagesOf(path, text) {
  if (path.endsWith('.md')) return paragraphsOf(text);
  if (path.endsWith('.svelte')) return [...scriptPassagesOf(text), ...markupPassagesOf(text)];
  return sourcePassagesOf(text, /\.[mc]?js$/.test(path) ? ts.ScriptKind.JS : ts.ScriptKind.TS);
}

/** Outside code blocks. @param {string} text @returns {readonly Passage[]} */
function paragraphsOf(text) {
  const prose = text.replace(/^```[^]*?^```/gm, (block) => block.replace(/[^\n]/g, ''));
  return [...prose.matchAll(/(?:^.*\S.*\n?)+/gm)].map(({ 0: paragraph, index }) => ({
    kind: 'docs',
    text: paragraph.replaceAll('\n', ' '),
    line: lineAt(prose, index),
  }));
}

/** @param {string} text @returns {readonly Passage[]} */
function scriptPassagesOf(text) {
  return [...text.matchAll(/<script[^>]*>([^]*?)<\/script>/g)].flatMap(({ 1: script = '', index }) =>
    sourcePassagesOf(script, ts.ScriptKind.TS).map((passage) => ({
      ...passage,
      line: passage.line + lineAt(text, index) - 1,
    })),
  );
}

/** Sentences of elements and attributes. @param {string} text @returns {readonly Passage[]} */
function markupPassagesOf(text) {
  const markup = text.replace(/<(script|style)[^]*?<\/\1>/g, (block) => block.replace(/[^\n]/g, ''));
  const contents = [...markup.matchAll(/>([^<>{}]*(?:\{[^{}]*\}[^<>{}]*)*)</g)];
  const attributes = [...markup.matchAll(/"([A-Z][^"]{15,})"|'([A-Z][^']{15,})'/g)];
  return [...contents, ...attributes].flatMap(({ 1: first, 2: second, index }) =>
    sentence((first ?? second ?? '').replace(/\{[^{}]*\}/g, ' X '), lineAt(markup, index)),
  );
}

/** Comments and capitalised strings. @param {string} text @param {ts.ScriptKind} scriptKind @returns {readonly Passage[]} */
function sourcePassagesOf(text, scriptKind) {
  const source = ts.createSourceFile('source', text, ts.ScriptTarget.Latest, true, scriptKind);
  /** @type {Map<number, ts.CommentRange>} */
  const comments = new Map();
  /** @type {Passage[]} */
  const strings = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (node.getChildCount(source) === 0) {
      const ranges = [
        ...(ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []),
        ...(ts.getTrailingCommentRanges(text, node.getEnd()) ?? []),
      ];
      for (const range of ranges) comments.set(range.pos, range);
    }
    if (ts.isStringLiteralLike(node)) {
      strings.push(...sentence(node.text, lineAt(text, node.getStart(source))));
    }
    if (ts.isTemplateExpression(node)) {
      const template = [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)];
      strings.push(...sentence(template.join(' X '), lineAt(text, node.getStart(source))));
    }
    node.getChildren(source).forEach(visit);
  };
  visit(source);
  const ranges = [...comments.values()].toSorted((a, b) => a.pos - b.pos);
  return [...joinLineComments(text, ranges), ...strings];
}

/** Consecutive line comments form one passage. @param {string} text @param {readonly ts.CommentRange[]} ranges @returns {readonly Passage[]} */
function joinLineComments(text, ranges) {
  /** @type {{ text: string, line: number, end: number, isLine: boolean }[]} */
  const joined = [];
  for (const { pos, end, kind } of ranges) {
    const isLine = kind === ts.SyntaxKind.SingleLineCommentTrivia;
    const last = joined.at(-1);
    const content = contentOf(text.slice(pos, end));
    if (isLine && last?.isLine && /^\s*\n\s*$/.test(text.slice(last.end, pos))) {
      last.text += ` ${content}`;
      last.end = end;
    } else joined.push({ text: content, line: lineAt(text, pos), end, isLine });
  }
  return joined.map(({ text: content, line }) => ({ kind: 'comments', text: content, line }));
}

/** @param {string} comment */
function contentOf(comment) {
  return comment
    .replace(/^\/\*+|\*\/$/g, '')
    .replace(/^\s*\* ?/gm, '')
    .replace(/^\/\/ ?/, '')
    .replaceAll('\n', ' ');
}

/** @param {string} text @param {number} line @returns {readonly Passage[]} */
function sentence(text, line) {
  const trimmed = text.replace(/\s+/g, ' ').trim();
  return /^[A-Z]/.test(trimmed) && countWords(trimmed) >= minWordsOfSentence
    ? [{ kind: 'strings', text: trimmed, line }]
    : [];
}

/** @param {string} text */
function countWords(text) {
  return text.match(/[A-Za-z][A-Za-z'’-]*/g)?.length ?? 0;
}

/** @param {string} text @param {number} position */
function lineAt(text, position) {
  return text.slice(0, position).split('\n').length;
}
