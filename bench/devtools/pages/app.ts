import { signUpWithRecoveryPhrase, type Session } from '@MaiaOS/kernel';
import { mountDevtools } from '@MaiaOS/kernel/devtools';
import { createInspector } from '@MaiaOS/kernel/inspect';
import type { RawCoMap } from 'cojson';
import { ask, relayOfPage } from '../../harness/page.ts';
import { watchLongTasks } from '../../harness/long-tasks.ts';

/** `none`: not mounted. `closed`: mounted but closed. Otherwise, the view that is open. */
const panel = new URLSearchParams(location.search).get('panel') ?? 'none';
const preferencesKey = 'maia-devtools';

async function open(): Promise<Session> {
  const url = relayOfPage() ?? '';
  const { session } = await signUpWithRecoveryPhrase({ sync: { url }, anotherAccount: true });
  if (panel !== 'none') {
    localStorage.setItem(preferencesKey, JSON.stringify({ view: panel }));
    mountDevtools({ open: panel !== 'closed' });
  }
  return session;
}

const opened = open();
const edited = opened.then((session) => createMaps(session, 20));

/** Edits the CoValues in turn, one edit per `everyMs`. Each edit is one message to the relay and one back. */
ask('edit', async ({ everyMs, forMs }: { everyMs: number; forMs: number }) => {
  const maps = await edited;
  const startMs = performance.now();
  for (let count = 0; performance.now() - startMs < forMs; count++) {
    maps[count % maps.length]?.set('count', count, 'private');
    // Keeps the requested pace even if one timer was late.
    await pause(Math.max(0, startMs + (count + 1) * everyMs - performance.now()));
  }
  return performance.now() - startMs;
});

/** Produces this many messages in each direction. */
ask('exchange', async ({ messages, maps }: { messages: number; maps: number }) => {
  const session = await opened;
  const edited = await createMaps(session, maps);
  for (let count = 0; count < messages; count += maps) {
    for (const map of edited) map.set('count', count, 'private');
    await confirmed(session);
  }
});

/** Creates this many unsynced CoValues, and waits until they are saved and the panel shows them. */
ask('leaveUnsynced', async ({ count }: { count: number }) => {
  const session = await opened;
  session.sync.pause();
  const group = session.node.createGroup();
  for (let made = 1; made < count; made++) {
    group.createMap({ title: `Thing ${made}` });
    if (made % 100 === 0) await pause(0);
  }
  while (session.sync.current.saved.pending > 0) await pause(100);
  while (panel !== 'none' && countRows() < count) await pause(100);
  await letGarbageGo();
});

/** Scrolls the panel's list down and up again at this speed, and returns the longest task. */
ask('scrollRows', async ({ forMs, pxPerSecond }: { forMs: number; pxPerSecond: number }) => {
  await opened;
  const rows = inPanel('[role=grid]');
  const stopWatching = watchLongTasks();
  const startMs = performance.now();
  const height = rows ? rows.scrollHeight - rows.clientHeight : 1;
  for (let atMs = 0; atMs < forMs; atMs = performance.now() - startMs) {
    const wayPx = ((atMs / 1_000) * pxPerSecond) % (2 * height);
    if (rows) rows.scrollTop = Math.min(wayPx, 2 * height - wayPx);
    await new Promise(requestAnimationFrame);
  }
  return { longestTaskMs: stopWatching(), rows: countRows() };
});

/** Creates this many CoValues, and waits until the panel's list of all has read them. */
ask('fillList', async ({ count }: { count: number }) => {
  const session = await opened;
  const group = session.node.createGroup();
  for (let made = 0; made < count; made++) {
    group.createMap({ name: `Thing ${made}` });
    if (made % 100 === 0) await pause(0);
  }
  await confirmed(session);
  inPanel('.covalue-bar > .button')?.click();
  while (countRows() < count || inPanel('.all-covalues .foot')?.textContent.includes('reading'))
    await pause(100);
  await letGarbageGo();
});

/** Types the text, and returns the mean of what a key takes until the panel shows its matches. */
ask('typeInFilter', async ({ text }: { text: string }) => {
  const field = inPanel<HTMLInputElement>('.all-covalues input');
  if (!field) throw new Error('The panel does not show all CoValues.');
  const all = countRows();
  let tookMs = 0;
  for (let length = 1; length <= text.length; length++) {
    await pause(0);
    const beganMs = performance.now();
    field.value = text.slice(0, length);
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    await pause(0);
    tookMs += performance.now() - beganMs;
  }
  if (countRows() >= all) throw new Error('The filter has not filtered.');
  field.value = '';
  field.dispatchEvent(new InputEvent('input', { bubbles: true }));
  return tookMs / text.length;
});

let inspector: ReturnType<typeof createInspector> | undefined;

/** Lists all CoValues for each key of the text, and returns the mean of what a listing takes. */
ask('listForEachKey', async ({ text }: { text: string }) => {
  inspector ??= createInspector(await opened);
  while (inspector.listCoValues().unread > 0) await pause(100);
  let tookMs = 0;
  for (let length = 1; length <= text.length; length++) {
    await pause(0);
    const beganMs = performance.now();
    inspector.listCoValues({ text: text.slice(0, length), limit: Infinity });
    tookMs += performance.now() - beganMs;
  }
  return tookMs / text.length;
});

ask('ready', async () => {
  await confirmed(await opened);
  const shown = inPanel('[role=tab][aria-selected=true]')?.id;
  if (panel !== 'none' && panel !== 'closed' && shown !== `tab-${panel}`)
    throw new Error(`The panel shows ${shown}.`);
  await edited;
  if (panel === 'covalue') await chooseCoValue();
});

/**
 * Creating so many CoValues leaves garbage, which is the app's but would be collected while the panel is
 * measured. Causes ordinary collections: a requested one shrinks the heap and makes the next ones
 * more frequent.
 */
async function letGarbageGo(): Promise<void> {
  const many = JSON.stringify(Array.from({ length: 10_000 }, (_, index) => ({ index })));
  for (let turn = 0; turn < 600; turn++) {
    JSON.parse(many);
    await pause(0);
  }
}

function countRows(): number {
  return Number(inPanel('[role=grid]')?.getAttribute('aria-rowcount') ?? 0);
}

/** The CoValue view is measured while it shows a CoValue that is edited, not while it lists all. */
async function chooseCoValue(): Promise<void> {
  const [map] = await edited;
  // The latest edit comes first, so its row is on the screen.
  map?.set('count', -1, 'private');
  const row = () => inPanel(`.all-table [data-id="${map?.id}"]`);
  while (!row()) await pause(50);
  row()?.click();
  while (!inPanel('.covalue .history')) await pause(50);
}

function inPanel<E extends HTMLElement>(selector: string): E | null {
  return document.querySelector('maia-devtools')?.shadowRoot?.querySelector<E>(selector) ?? null;
}

async function createMaps(session: Session, count: number): Promise<readonly RawCoMap[]> {
  const group = session.node.createGroup();
  const maps = Array.from({ length: count }, () => group.createMap());
  await confirmed(session);
  return maps;
}

function confirmed({ sync }: Session): Promise<void> {
  return new Promise((resolve) => {
    const stop = sync.subscribe(({ saved, confirmed: { pending } }) => {
      if (saved.pending > 0 || pending > 0) return;
      queueMicrotask(() => stop());
      resolve();
    });
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
