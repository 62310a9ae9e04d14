from http import HTTPStatus

from shop.app import answer


def test_health() -> None:
    assert answer("/health") == (HTTPStatus.OK, {"status": "ok"})


def test_unknown_page() -> None:
    status, _ = answer("/nowhere")
    assert status == HTTPStatus.NOT_FOUND
