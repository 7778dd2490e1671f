// SPDX-License-Identifier: Apache-2.0
// Draws the Alerts Server's past from its table.
"use strict";

{
  const rows = [...document.querySelectorAll("[data-history] tbody tr")];
  const plots = document.querySelector(".plots");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const drawn = [];

  const values = (name) => rows.map((row) => (row.dataset[name] === "" ? null : Number(row.dataset[name])));
  const seconds = (name) => values(name).map((ms) => (ms === null ? null : ms / 1000));

  function draw(canvas, sets, max) {
    const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const axis = {ticks: {color: colour("--td-muted"), maxRotation: 0, autoSkipPadding: 16}, grid: {color: colour("--td-line")}};
    drawn.push(new Chart(canvas, {
      data: {
        labels: rows.map((row) => row.dataset.label),
        datasets: sets.map(({colour: name, ...set}) => ({...set, backgroundColor: colour(name), borderColor: colour(name)})),
      },
      options: {
        animation: false,
        maintainAspectRatio: false,
        interaction: {mode: "index", intersect: false},
        scales: {x: {...axis, grid: {display: false}}, y: {...axis, beginAtZero: true, suggestedMax: max}},
        plugins: {legend: {labels: {color: colour("--td-text"), boxWidth: 12}}},
      },
    }));
  }

  function drawAll() {
    drawn.splice(0).forEach((chart) => chart.destroy());
    draw(document.querySelector("[data-plot=counts]"), [
      {type: "bar", label: "accepted", data: values("accepted"), colour: "--td-accent"},
      {type: "bar", label: "failed", data: values("failed"), colour: "--td-danger"},
    ], 5);
    const line = {type: "line", spanGaps: true, pointRadius: 2, borderWidth: 2};
    draw(document.querySelector("[data-plot=times]"), [
      {...line, label: "half within", data: seconds("p50"), colour: "--td-accent"},
      {...line, label: "95 of 100 within", data: seconds("p95"), colour: "--td-warning"},
    ], 1);
  }

  if (plots) {
    plots.hidden = false;
    drawAll();
    dark.addEventListener("change", drawAll);
  }
}
