import { expect } from 'vitest';
import type { Session } from '../../../src/session/session.ts';
import { until } from '../until.ts';

export const untilSaved = (session: Session) =>
  until(() => expect(session.sync.current.saved).toMatchObject({ pending: 0 }));

export const untilConfirmed = (session: Session) =>
  until(() => expect(session.sync.current).toMatchObject({ status: 'confirmed', confirmed: { pending: 0 } }));
