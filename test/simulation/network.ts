import type { Clock } from '../../src/base/clock.ts';
import type { Socket } from '../../src/platform/socket.ts';
import type { ClientSocket } from '../../src/relay/client/client-socket.ts';
import type { Dice } from './random.ts';
import { createWay, type Way } from './way.ts';

/** One connection between a tab and a relay, both of its ends, and what can become of it. */
export interface Link {
  /** The tab's end. */
  readonly socket: Socket;
  readonly isOpen: boolean;
  /** Neither end can reach the other any more. An end that does not notice has to find out by itself. */
  cut(noticedBy: { readonly tab: boolean; readonly relay: boolean }): void;
  /** For so long, nothing arrives, and nothing is lost. */
  stall(ms: number): void;
}

export interface LinkOptions {
  readonly clock: Clock;
  readonly dice: Dice;
  /** Takes the relay's end of it; false where no relay can be reached. */
  accept(socket: ClientSocket): boolean;
  /** Told of each frame that arrives. */
  arrived(direction: 'up' | 'down', frame: string): void;
}

const brokenOff = { code: 1006, reason: '' };

export function openLink({ clock, dice, accept, arrived }: LinkOptions): Link {
  const tab = createTabEnd();
  const relay = createRelayEnd();
  let isOpen = false;
  let isOver = false;

  const up = createWay({ clock, dice, arrive: (frame) => (arrived('up', frame), relay.receive(frame)) });
  const down = createWay({ clock, dice, arrive: (frame) => (arrived('down', frame), tab.receive(frame)) });

  clock.after(dice.between(1, 40), () => {
    if (isOver) return;
    isOpen = accept(relay.socket);
    if (isOpen) tab.opened();
    else close(brokenOff);
  });

  function close({ code, reason }: typeof brokenOff): void {
    isOver = true;
    tab.closed({ code, reason });
    relay.closed();
  }

  /** One end closes: what it said before still arrives, and then the other end hears of it. */
  function closeFrom(way: Way, back: Way): void {
    if (isOver) return;
    back.drop();
    way.end(() => close({ code: 1000, reason: '' }));
  }

  function createTabEnd() {
    const listeners = new Map<string, Set<(event: never) => void>>();
    let isClosed = false;
    const socket: Socket = {
      get bufferedAmount() {
        return up.bufferedBytes;
      },
      send: (frame) => {
        if (isOpen && !isClosed) up.push(frame);
      },
      close() {
        isClosed = true;
        if (isOpen) closeFrom(up, down);
        else isOver = true;
      },
      addEventListener(type: string, listener: (event: never) => void) {
        listeners.set(type, (listeners.get(type) ?? new Set()).add(listener));
      },
    };
    const tell = (type: string, event: object) => {
      for (const listener of listeners.get(type) ?? []) listener(event as never);
    };
    return {
      socket,
      opened: () => void (isClosed || tell('open', {})),
      receive: (data: string) => void (isClosed || tell('message', { data })),
      closed(event: typeof brokenOff) {
        if (isClosed) return;
        isClosed = true;
        tell('close', event);
      },
    };
  }

  function createRelayEnd() {
    const listeners = new Map<string, Set<(...event: never[]) => void>>();
    let isClosed = false;
    const tell = (type: string, ...event: unknown[]) => {
      for (const listener of listeners.get(type) ?? []) listener(...(event as never[]));
    };
    function closed(): void {
      if (isClosed) return;
      isClosed = true;
      tell('close');
    }
    const socket: ClientSocket = {
      OPEN: 1,
      get readyState() {
        return isClosed ? 3 : 1;
      },
      get bufferedAmount() {
        return down.bufferedBytes;
      },
      send(text, sent) {
        if (isClosed) sent?.(new Error('The socket is closed.'));
        else down.push(text, sent);
      },
      close: () => closeFrom(down, up),
      terminate() {
        isOver = true;
        down.drop();
        closed();
      },
      // A tab that is there answers by itself.
      ping: () => down.push('', () => up.push('')),
      pause: () => up.hold(true),
      resume: () => up.hold(false),
      on(event: string, listener: (...event: never[]) => void) {
        listeners.set(event, (listeners.get(event) ?? new Set()).add(listener));
      },
    };
    return {
      socket,
      receive(text: string) {
        if (isClosed) return;
        if (text === '') tell('pong');
        else tell('message', Buffer.from(text), false);
      },
      closed,
    };
  }

  return {
    socket: tab.socket,
    get isOpen() {
      return isOpen && !isOver;
    },
    cut(noticedBy) {
      if (isOver) return;
      isOver = true;
      up.drop();
      down.drop();
      if (noticedBy.tab) clock.after(dice.between(0, 50), () => tab.closed(brokenOff));
      if (noticedBy.relay) clock.after(dice.between(0, 50), () => relay.closed());
    },
    stall(ms) {
      up.stall(ms);
      down.stall(ms);
    },
  };
}
