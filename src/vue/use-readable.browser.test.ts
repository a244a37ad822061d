import { createApp, defineComponent, h, nextTick, shallowRef, type App } from 'vue';
import { afterEach, expect, it } from 'vitest';
import { countedReadable } from '../../test/support/counted-source.ts';
import type { Readable } from '../base/readable.ts';
import { useReadable } from './index.ts';

const apps: App[] = [];
afterEach(() => {
  for (const app of apps.splice(0)) app.unmount();
});

const Shown = defineComponent<{ readonly from: Readable<number> | undefined }>(
  (props) => {
    const value = useReadable(() => props.from);
    return () => h('output', String(value.value));
  },
  { props: ['from'] },
);

function mount(render: () => readonly unknown[]) {
  const element = document.createElement('div');
  const app = createApp({ render: () => h('div', render() as never) });
  app.mount(element);
  apps.push(app);
  return {
    texts: () => [...element.querySelectorAll('output')].map(({ textContent }) => textContent),
    end: () => app.unmount(),
  };
}

it('[WATCH-9] a hundred components of Vue render each change, and leave no subscription', async () => {
  const { readable, set, counts } = countedReadable(1);
  const { texts, end } = mount(() => Array.from({ length: 100 }, () => h(Shown, { from: readable })));
  expect(counts).toEqual({ now: 100, most: 100 });
  expect(texts()).toEqual(Array.from({ length: 100 }, () => '1'));
  set(2);
  await nextTick();
  expect(texts()).toEqual(Array.from({ length: 100 }, () => '2'));
  apps.length = 0;
  end();
  expect(counts.now).toBe(0);
});

it('a getter may give another Readable, or none', async () => {
  const [first, second] = [countedReadable(1), countedReadable(2)];
  const from = shallowRef<Readable<number> | undefined>(first.readable);
  const { texts } = mount(() => [h(Shown, { from: from.value })]);
  expect([first.counts.now, texts()]).toEqual([1, ['1']]);
  from.value = second.readable;
  await nextTick();
  expect([first.counts.now, second.counts.now, texts()]).toEqual([0, 1, ['2']]);
  from.value = undefined;
  await nextTick();
  expect([second.counts.now, texts()]).toEqual([0, ['undefined']]);
});

it('a Readable itself will do, too', () => {
  const { readable, set, counts } = countedReadable(1);
  const app = createApp({
    setup() {
      const value = useReadable(readable);
      return () => h('output', value.value);
    },
  });
  const element = document.createElement('div');
  app.mount(element);
  set(2);
  app.unmount();
  expect(counts).toEqual({ now: 0, most: 1 });
});
