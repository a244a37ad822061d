import type { Clock } from '../../src/base/clock.ts';
import type { Socket } from '../../src/platform/socket.ts';
import type { ClientSocket } from '../../src/relay/client/client-socket.ts';
import type { Dice } from './random.ts';
import { createWay, type Way } from './way.ts';

/** A connection between a tab and a relay, and its faults. */
export interface Connection {
  readonly isOpen: boolean;
  /** Disconnects both ends. An end that does not notice must detect it by timeout. */
  cut(noticedBy: { readonly tab: boolean; readonly relay: boolean }): void;
  /** Delays all frames until the time is over. */
  stall(ms: number): void;
}

/** A WebSocket. */
export interface Link extends Connection {
  /** The tab's end. */
  readonly socket: Socket;
}

export interface LinkOptions {
  readonly clock: Clock;
  readonly dice: Dice;
  /** How much longer than usual it takes to open. */
  readonly slowMs?: number;
  /** Receives the relay's end. Returns false if no relay is reachable. */
  accept(socket: ClientSocket): boolean;
  /** Called for each frame received. */
  onFrame(direction: 'up' | 'down', frame: string): void;
  /** What the relay sends besides the frame. */
  added?(frame: string): string | undefined;
}

const brokenOff = { code: 1006, reason: '' };

export function openLink({ clock, dice, slowMs = 0, accept, onFrame, added }: LinkOptions): Link {
  const tab = createTabEnd();
  const relay = createRelayEnd();
  let isOpen = false;
  let isOver = false;

  const up = createWay({ clock, dice, arrive: (frame) => (onFrame('up', frame), relay.receive(frame)) });
  const down = createWay({
    clock,
    dice,
    arrive(frame) {
      onFrame('down', frame);
      tab.receive(frame);
      const more = added?.(frame);
      if (more !== undefined) tab.receive(more);
    },
  });

  clock.after(dice.between(1, 40) + slowMs, () => {
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

  /** One end closes: its earlier frames still arrive, then the other end gets the close event. */
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
    const emit = (type: string, event: object) => {
      for (const listener of listeners.get(type) ?? []) listener(event as never);
    };
    return {
      socket,
      opened: () => void (isClosed || emit('open', {})),
      receive: (data: string) => void (isClosed || emit('message', { data })),
      closed(event: typeof brokenOff) {
        if (isClosed) return;
        isClosed = true;
        emit('close', event);
      },
    };
  }

  function createRelayEnd() {
    const listeners = new Map<string, Set<(...event: never[]) => void>>();
    let isClosed = false;
    const emit = (type: string, ...event: unknown[]) => {
      for (const listener of listeners.get(type) ?? []) listener(...(event as never[]));
    };
    function closed(): void {
      if (isClosed) return;
      isClosed = true;
      emit('close');
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
      // A running tab's browser answers pings automatically.
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
        if (text === '') emit('pong');
        else emit('message', Buffer.from(text), false);
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
