'use strict';
// Sorting and filtering of the page; without scripts it is complete all the same.
const table = document.querySelector('table');
const body = table.tBodies[0];
const form = document.querySelector('form');
const search = form.querySelector('input[type=search]');
const incomplete = form.querySelector('input[type=checkbox]');
const shown = form.querySelector('output');

function filter() {
  const wanted = search.value.toLowerCase();
  let count = 0;
  for (const row of body.rows) {
    const fits =
      row.cells[0].textContent.toLowerCase().includes(wanted) &&
      (!incomplete.checked || row.dataset.complete === 'no');
    row.hidden = !fits;
    document.getElementById(`s${row.dataset.index}`).hidden = !fits;
    count += fits ? 1 : 0;
  }
  shown.textContent = `${count} of ${body.rows.length}`;
}

function sort(column, heading) {
  const ascends = heading.getAttribute('aria-sort') !== 'ascending';
  for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
  heading.setAttribute('aria-sort', ascends ? 'ascending' : 'descending');
  const key = (row) => {
    const { value } = row.cells[column].dataset;
    return value === undefined ? row.cells[column].textContent : Number(value);
  };
  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  const rows = [...body.rows].sort(
    (a, b) => compare(key(a), key(b)) * (ascends ? 1 : -1) || a.dataset.index - b.dataset.index,
  );
  body.append(...rows);
}

[...table.tHead.rows[0].cells].forEach((heading, column) => {
  const button = document.createElement('button');
  button.type = 'button';
  button.append(...heading.childNodes);
  button.addEventListener('click', () => sort(column, heading));
  heading.append(button);
});
form.addEventListener('input', filter);
form.addEventListener('submit', (event) => event.preventDefault());
form.hidden = false;
filter();
