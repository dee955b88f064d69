// Tables that keep their rows: a row that is still there is changed in place, so that nothing flickers or loses focus.

export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function drawTable(table, items, keyOf, fill, emptyText) {
  const body = table.tBodies[0];
  const columns = table.tHead.rows[0].cells.length;
  const rows = new Map([...body.rows].map((row) => [row.dataset.key, row]));
  const wanted = items.map((item) => {
    const key = keyOf(item);
    const row = rows.get(key) || newRow(key, columns);
    fill(item, [...row.cells]);
    return row;
  });
  if (!wanted.length) wanted.push(rows.get("") || emptyRow(columns, emptyText));
  if (wanted.length !== body.rows.length || wanted.some((row, index) => body.rows[index] !== row)) body.replaceChildren(...wanted);
}

function newRow(key, columns) {
  const row = document.createElement("tr");
  row.dataset.key = key;
  for (let index = 0; index < columns; index += 1) row.append(document.createElement("td"));
  return row;
}

function emptyRow(columns, text) {
  const row = newRow("", 1);
  row.cells[0].colSpan = columns;
  row.cells[0].className = "empty";
  row.cells[0].textContent = text;
  return row;
}
