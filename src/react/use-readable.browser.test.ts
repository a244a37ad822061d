import { createElement, StrictMode, type ReactElement } from 'react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { afterEach, expect, it } from 'vitest';
import { countedReadable } from '../../test/support/counted-source.ts';
import { until } from '../../test/support/until.ts';
import { createReadable, type Readable } from '../base/readable.ts';
import { useReadable } from './index.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

function Shown({ from }: { readonly from: () => Readable<number> | undefined }): ReactElement {
  return createElement('output', null, String(useReadable(from())));
}

function mount(...components: readonly ReactElement[]) {
  const element = document.createElement('div');
  document.body.append(element);
  const root = createRoot(element);
  const end = () => {
    root.unmount();
    element.remove();
  };
  ends.push(end);
  const render = (...shown: readonly ReactElement[]) =>
    flushSync(() => root.render(createElement(StrictMode, null, ...shown)));
  render(...components);
  return {
    texts: () => [...element.querySelectorAll('output')].map(({ textContent }) => textContent),
    render,
    end,
  };
}

it('[WATCH-9] a hundred components in StrictMode render each change, and leave no subscription', async () => {
  const { readable, set, counts } = countedReadable(1);
  // As a call of `session.watch` in a render.
  const { texts, end } = mount(
    ...Array.from({ length: 100 }, (_, key) => createElement(Shown, { key, from: () => readable })),
  );
  await until(() => counts.now === 100);
  expect(counts.most).toBe(100);
  expect(texts()).toEqual(Array.from({ length: 100 }, () => '1'));
  set(2);
  await until(() => texts().every((text) => text === '2'));
  end();
  await until(() => counts.now === 0);
});

it('another Readable, or none, takes its place', async () => {
  const [first, second] = [countedReadable(1), countedReadable(2)];
  const { texts, render } = mount(createElement(Shown, { from: () => first.readable }));
  await until(() => first.counts.now === 1);
  render(createElement(Shown, { from: () => second.readable }));
  expect(texts()).toEqual(['2']);
  await until(() => first.counts.now === 0 && second.counts.now === 1);
  render(createElement(Shown, { from: () => undefined }));
  expect(texts()).toEqual(['undefined']);
  await until(() => second.counts.now === 0);
});

it('a server renders the current value', () => {
  const readable = createReadable(3);
  expect(renderToString(createElement(Shown, { from: () => readable }))).toContain('3');
});
