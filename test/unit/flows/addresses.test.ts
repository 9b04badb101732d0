/** Which hosts the addresses of a flow may name: Telnyx reaches public ones, we reach what OUTBOUND_ALLOW_HOSTS lists. */
import { parseFlow } from '../../../flows/language';

const findingsOf = (step: string) => parseFlow('a-flow', `steps:\n  one: {${step}}\n`).findings.map(({ code }) => code);

test.each(['http://10.0.0.5:8080/answers', 'http://crm.internal/answers', 'http://localhost:8000/answers'])(
  'a server of ours at %s may be asked',
  (url) => {
    expect(findingsOf(`http: '${url}'`)).toEqual([]);
  },
);

test.each(['play', 'gather: {play'])('%s of a file that Telnyx cannot reach is refused', (verb) => {
  const step = `${verb}: 'http://10.0.0.5/hello.mp3'${verb.includes('{') ? '}' : ''}`;
  expect(findingsOf(step)).toContain('unreachable_host');
});
