import type { Gauge, Reading, Series } from './measures.ts';

export const priorities = ['high', 'medium', 'low'] as const;
export type Priority = (typeof priorities)[number];

export interface Queues {
  readonly high: PriorityQueue;
  readonly medium: PriorityQueue;
  readonly low: PriorityQueue;
  readonly relays: readonly RelayQueues[];
  readonly localWrites: Gauge;
}

export interface PriorityQueue {
  /** Messages waiting for a socket, over all relays. */
  readonly depth: Gauge;
  /** Means over the last five whole seconds. */
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
  readonly depths: Series;
  readonly messages: Series;
}

export interface RelayQueues {
  readonly id: string;
  readonly host: string;
  readonly bufferedBytes: Gauge;
  readonly unacknowledgedMessages: Gauge;
  readonly incoming: Gauge;
  readonly loadsInFlight: Gauge;
  readonly loadsWaiting: Gauge;
}

/** What waits to leave this device for one relay. */
export interface WaitingForSocket {
  readonly messages: Reading;
  readonly bufferedBytes: Reading;
}
