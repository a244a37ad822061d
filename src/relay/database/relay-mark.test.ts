import { expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../base/logger.ts';
import { createPostgres, describePostgres } from '../../../test/support/relay/test-postgres.ts';
import { openPostgresDatabase } from './postgres-database.ts';
import { createRelayMark, lackingMark, parametersOf, setMark } from './relay-mark.ts';

async function setUp() {
  const database = await openPostgresDatabase(await createPostgres(), 'the test', silentLogger);
  onTestFinished(() => database.close());
  const { query } = database;
  const mark = createRelayMark(3);
  await mark.begin(query);
  const attempt = async (lane: number) => {
    if ((await query(setMark(1), parametersOf(mark.advance(lane)))).length === 0) throw lackingMark();
  };
  const commit = async (lane: number) => {
    await attempt(lane);
    mark.confirm(lane);
  };
  return { query, mark, attempt, commit };
}

describePostgres('the marks of a relay', () => {
  it('[RELAY-18] show in each lane that the database lost what another lane committed', async () => {
    const { query, mark, commit } = await setUp();
    for (const lane of [0, 1, 2, 1]) await commit(lane);
    expect(await mark.isThere(query)).toBe(true);
    await query(`update relay_marks set mark = mark - 1 where relay like '%.1'`);
    expect(await mark.isThere(query)).toBe(false);
    await expect(commit(2)).rejects.toThrow('lacks what this relay committed');
    await mark.begin(query);
    await commit(2);
    await query(`delete from relay_marks where relay like '%.0'`);
    await expect(commit(1)).rejects.toThrow('lacks what this relay committed');
  });

  it('count a commit without an answer as possible, not as certain', async () => {
    const { query, mark, attempt, commit } = await setUp();
    await commit(1);
    await attempt(1);
    await query(`update relay_marks set mark = mark - 1 where relay like '%.1'`);
    expect(await mark.isThere(query)).toBe(true);
    await commit(1);
    expect(await query(`select mark from relay_marks where relay like '%.1'`)).toEqual([{ mark: 3 }]);
  });

  it('stay while one lane writes, and go 30 days after the last', async () => {
    const { query, mark, commit } = await setUp();
    await query(`update relay_marks set written_at = now() - interval '31 days'`);
    await commit(1);
    const other = createRelayMark(1);
    await other.begin(query);
    expect(await mark.isThere(query)).toBe(true);
    await query(`update relay_marks set written_at = now() - interval '31 days'`);
    await createRelayMark(1).begin(query);
    expect(await mark.isThere(query)).toBe(false);
    expect(await query(`select from relay_marks`)).toHaveLength(1);
  });
});
