"""Questions about the model, and whether the store answers at all."""

from fastapi import APIRouter, Depends

from serving import answers, questions
from serving.desk import At, nothing_else, reader

ROUTES = APIRouter(tags=["model"])


@ROUTES.get("/v1/model", dependencies=[Depends(reader), Depends(nothing_else)])
def model(desk: At) -> answers.ModelAnswer:
    """Tell the newest model and how many customers each of its clusters has."""
    rows = questions.ask(desk.engine, questions.model())
    found = answers.body(rows[0]) if rows else {"clusters": []}
    sizes = {row.cluster: row.customers for row in questions.ask(desk.engine, questions.cluster_sizes())}
    clusters = [
        answers.ClusterAnswer(
            id=one["id"], name=one["name"], quadrant=one["quadrant"], customers=sizes.get(one["id"], 0)
        )
        for one in found["clusters"]
    ]
    return answers.ModelAnswer(basis=desk.basis(), clusters=clusters, model=found if rows else None)


@ROUTES.get("/health", include_in_schema=False)
def health(desk: At) -> answers.Basis:
    """Answer where the store does; needs no token."""
    return desk.basis()
