import { need } from './need.ts';
import { spend, spendable } from './budget.ts';
import { countsOf } from './messages.ts';
import {
  clone,
  coValueOf,
  deletionOf,
  heldBy,
  isDeletion,
  slotsOf,
  type Channel,
  type Counts,
  type Down,
  type Logs,
  type Model,
  type Step,
  type Store,
  type World,
} from './world.ts';

export const storeBehind = (world: World, relay: number, channel: Channel): Store =>
  channel.replaced === null ? need(world.relays[relay]) : need(world.replaced[channel.replaced]);

/** What relays do: take messages, commit, fail, lose. */
export function* relaySteps(world: World, model: Model, relay: number): Iterable<Step> {
  const { scenario, isFair } = model;
  const own = need(world.relays[relay]);
  const name = `relay ${relay + 1}`;

  for (const [index, tab] of world.tabs.entries()) {
    const channel = tab.channels[relay];
    const message = channel?.up[0];
    if (!channel || !message) continue;
    const what =
      message.is === 'content' ? `“${message.slot}: ${message.log}”` : `a question about ${message.of}`;
    yield {
      name: `${name} takes ${what} from tab ${index + 1}`,
      kind: 'relay',
      run: (next) => take(next, model, relay, index, {}),
    };
    if (isFair || message.is === 'content' || channel.replaced !== null) continue;
    if (spendable(world, 'lag') && message.is === 'ask' && message.why !== 'again')
      yield {
        name: `a replica of ${name} that lags answers tab ${index + 1} about ${message.of}`,
        kind: 'harm',
        run(next) {
          spend(next, 'lag');
          const { history } = need(next.relays[relay]);
          take(next, model, relay, index, { held: heldBy({ history: history.slice(0, -1) }) });
        },
      };
    if (spendable(world, 'cold') && heldBy(own)[deletionOf(message.of)] !== undefined)
      yield {
        name: `${name} answers tab ${index + 1} about ${message.of} from its rows`,
        kind: 'harm',
        run(next) {
          take(next, model, relay, index, { isCold: true });
        },
      };
  }
  if (own.waiting.length > 0)
    yield {
      name: `${name} commits`,
      kind: 'relay',
      run(next) {
        const [slot, log, sender] = need(need(next.relays[relay]).waiting.shift());
        need(next.relays[relay]).history.push([slot, log]);
        next.tabs[sender]?.channels[relay]?.down.push({
          is: 'known',
          of: coValueOf(slot),
          counts: { [slot]: log.length },
        });
      },
    };
  if (isFair) return;

  if (spendable(world, 'crash') && own.waiting.length > 0)
    yield {
      name: `${name} crashes before it commits`,
      kind: 'harm',
      run(next) {
        spend(next, 'crash');
        need(next.relays[relay]).waiting = [];
        cutAll(next, relay);
      },
    };
  if (spendable(world, 'restore'))
    for (const isNewEpoch of scenario.epochs ?? [false, true])
      for (let length = 0; length < own.history.length; length++)
        yield {
          name: `${name} is restored to its first ${length} commits${isNewEpoch ? ' with a new epoch' : ''}`,
          kind: 'harm',
          run(next) {
            spend(next, 'restore');
            lose(next, relay, length);
            if (isNewEpoch) need(next.relays[relay]).epoch++;
            cutAll(next, relay);
          },
        };
  if (spendable(world, 'swap'))
    yield {
      name: `the storage of ${name} is replaced below its open channels`,
      kind: 'harm',
      run(next) {
        spend(next, 'swap');
        next.replaced.push(clone(need(next.relays[relay])));
        lose(next, relay, 0);
        need(next.relays[relay]).epoch++;
        for (const { channels } of next.tabs) {
          const channel = channels[relay];
          if (channel) channel.replaced ??= next.replaced.length - 1;
        }
      },
    };
  if (spendable(world, 'promise'))
    yield {
      name: `${name} ${own.durable ? 'withdraws its promise' : 'promises durability'}`,
      kind: 'harm',
      run(next) {
        spend(next, 'promise');
        const store = need(next.relays[relay]);
        store.durable = !store.durable;
      },
    };
  for (const coValue of scenario.coValues)
    if (spendable(world, 'foreign') && heldBy(own)[deletionOf(coValue)] === undefined)
      yield {
        name: `another device deletes ${coValue} at ${name}`,
        kind: 'harm',
        run(next) {
          spend(next, 'foreign');
          next.signedFor['E'] = [deletionOf(coValue)];
          need(next.relays[relay]).history.push([deletionOf(coValue), 'E']);
        },
      };
}

function cutAll(world: World, relay: number): void {
  for (const tab of world.tabs) tab.channels[relay] = null;
}

function lose(world: World, relay: number, length: number): void {
  const store = need(world.relays[relay]);
  const before = heldBy(store);
  store.history = store.history.slice(0, length);
  store.waiting = [];
  store.losses++;
  for (const [slot, log] of Object.entries(before))
    world.lost.push({ relay, slot, log, losses: store.losses });
}

function take(
  world: World,
  model: Model,
  relay: number,
  index: number,
  how: { held?: Logs; isCold?: boolean },
): void {
  const { scenario } = model;
  const channel = need(need(world.tabs[index]).channels[relay]);
  const message = need(channel.up.shift());
  const store = storeBehind(world, relay, channel);
  const held = how.held ?? heldBy(store);
  const answer = (down: Down) => channel.down.push(down);
  if (message.is === 'content') {
    const { slot, log } = message;
    const of = coValueOf(slot);
    if (held[deletionOf(of)] !== undefined && !isDeletion(slot))
      // cojson claims what it discards, so that stock clients do not send it for ever.
      return void answer({ is: 'known', of, counts: { ...countsOf(held, of), [slot]: log.length } });
    const latest = store.waiting.findLast(([other]) => other === slot)?.[1] ?? held[slot] ?? '';
    if (log.startsWith(latest) && log.length > latest.length) {
      if (scenario.commitsLater && channel.replaced === null) store.waiting.push([slot, log, index]);
      else {
        store.history.push([slot, log]);
        if (channel.replaced !== null)
          world.lost.push({ relay, slot, log, losses: need(world.relays[relay]).losses });
        answer({ is: 'known', of, counts: { [slot]: log.length } });
      }
      world.tabs.forEach((tab, other) => {
        const to = tab.channels[relay];
        if (!scenario.forwards || other === index || tab.page !== 'running' || !to) return;
        if (storeBehind(world, relay, to) === store) to.down.push({ is: 'content', slot, log });
      });
    } else if (!scenario.commitsLater || latest === (held[slot] ?? ''))
      // A stock relay answers the loser of a fork like everybody else.
      answer({ is: 'known', of, counts: { [slot]: (held[slot] ?? '').length } });
    return;
  }
  const { of, counts } = message;
  const has = countsOf(held, of);
  const isDeleted = held[deletionOf(of)] !== undefined;
  const claims: Counts = isDeleted && !how.isCold ? { ...counts, ...has } : has;
  if (message.is === 'audit') {
    sendLacking(held, of, counts, answer);
    answer({ is: 'audited', of, counts: claims, want: counts, key: message.key });
    return;
  }
  if (message.why === 'probe') {
    for (const slot of slotsOf(counts, of))
      answer({ is: 'content', slot, log: held[slot] ?? '', why: 'probe' });
    return;
  }
  if (message.why === 'join' || message.why === 'debt') sendLacking(held, of, counts, answer);
  answer({
    is: 'known',
    of,
    counts: claims,
    why: message.why,
    ...(message.names && { names: message.names }),
  });
}

/** A relay sends what the asker lacks. */
function sendLacking(held: Logs, of: string, counts: Counts, answer: (down: Down) => void): void {
  for (const slot of slotsOf(held, of))
    if (need(held[slot]).length > (counts[slot] ?? 0)) answer({ is: 'content', slot, log: need(held[slot]) });
}
