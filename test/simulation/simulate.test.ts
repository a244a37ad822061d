import { describe, expect, it } from 'vitest';
import { setUpSimulation } from './set-up-simulation.ts';
import { before, newIDs } from './simulate.ts';

const { expectNoFailure, run } = setUpSimulation();

describe('simulated runs without a false claim', () => {
  it.each([1, 2, 3, 4, 5, 6])('seed %i', (seed) => expectNoFailure(seed, {}, {}));
  it.each([1, 2])('seed %i, over HTTP', (seed) => expectNoFailure(seed, { http: true }));
});

it('repeats a run byte for byte for the same seed', { timeout: 120_000 }, async () => {
  // Seed 15 has a stock server, to whose address a device moves.
  const [
    one,
    again,
    other,
    otherAgain,
    stock,
    stockAgain,
    reusing,
    reusingAgain,
    roles,
    rolesAgain,
    http,
    httpAgain,
  ] = [
    await run(11, before),
    await run(11, before),
    await run(12, before),
    await run(12, before),
    await run(15, before),
    await run(15, before),
    await run(11, { ...before, reusedIDs: true }),
    await run(11, { ...before, reusedIDs: true }),
    await run(2, { ...newIDs, roles: true }),
    await run(2, { ...newIDs, roles: true }),
    await run(11, { ...before, http: true }),
    await run(11, { ...before, http: true }),
  ];
  expect(again.hash).toBe(one.hash);
  expect(again.trace).toEqual(one.trace);
  expect(other.hash).not.toBe(one.hash);
  expect(otherAgain.hash).toBe(other.hash);
  expect(stock.trace.join()).toContain('the address of relay');
  expect(stockAgain.hash).toBe(stock.hash);
  expect(reusing.hash).not.toBe(one.hash);
  expect(reusingAgain.hash).toBe(reusing.hash);
  expect(roles.trace.join()).toContain('is not counted');
  expect(rolesAgain.hash).toBe(roles.hash);
  expect(http.hash).not.toBe(one.hash);
  expect(httpAgain.hash).toBe(http.hash);
});
