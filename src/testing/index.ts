export { faultyTransport } from '../transport/faulty-transport.ts';
export type { FaultPlan, Span, WayFaults } from '../transport/faulty-transport.ts';
export { createFakeClock } from './fake-clock.ts';
export type { FakeClock } from './fake-clock.ts';
export type { Clock } from '../base/clock.ts';
export { createTestSession } from './test-session.ts';
export type { TestSessionOptions } from './test-session.ts';
export { logMessages } from './log-messages.ts';
export type { MessageLog } from './log-messages.ts';
