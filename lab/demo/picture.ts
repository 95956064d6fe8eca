const LINE = 18;
const LETTER = 7.25;
const MARGIN = 20;
const COLOURS = { typed: '#7aa2f7', heading: '#7aa2f7', good: '#9ece6a', usual: '#c8ccd4' };

/** A terminal that shows these lines, as an SVG for a page of documentation. */
export function pictureOf(lines: readonly string[]): string {
  const width = Math.ceil(2 * MARGIN + LETTER * Math.max(...lines.map((line) => line.length)));
  const height = 2 * MARGIN + LINE * lines.length;
  const texts = lines.map((line, index) => `<text x="${MARGIN}" y="${MARGIN + 10 + LINE * index}" fill="${colourOf(line)}" xml:space="preserve">${escaped(line)}</text>`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="ui-monospace,Menlo,Consolas,monospace" font-size="12">`,
    `<rect width="${width}" height="${height}" rx="8" fill="#16181d"/>`,
    ...texts,
    '</svg>',
    '',
  ].join('\n');
}

function colourOf(line: string): string {
  if (line.startsWith('$ ')) return COLOURS.typed;
  if (/^(?:✓|Requests sent|Uploaded)/.test(line)) return COLOURS.good;
  return /^\S/.test(line) ? COLOURS.heading : COLOURS.usual;
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
