from controlmaps.engine import rooms
from servicekit.types.rooms import RoomType


def test_every_room_type_has_prompts_and_labels() -> None:
    answers = {answer for answer, _prompts in rooms.prompts()}
    assert answers == {*range(len(RoomType)), rooms.ELSEWHERE}
    names = ["bedroom", "Home Office", "dining_room", "child's room", "airport terminal"]
    assert rooms.classes_of(dict(enumerate(names))) == [
        list(RoomType).index(RoomType.BEDROOM),
        list(RoomType).index(RoomType.OFFICE),
        list(RoomType).index(RoomType.DINING_ROOM),
        list(RoomType).index(RoomType.KIDS_ROOM),
        rooms.ELSEWHERE,
    ]
