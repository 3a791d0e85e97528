package cluster

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// Waiting returns what a pod that doesn't run says, and whether only a person ends its state. A container that crashed once may come up; one that is held back after crashes won't.
func Waiting(pod corev1.Pod) (message string, hopeless bool) {
	for _, s := range append(append([]corev1.ContainerStatus{}, pod.Status.InitContainerStatuses...), pod.Status.ContainerStatuses...) {
		if s.State.Waiting == nil {
			continue
		}
		w := s.State.Waiting
		if w.Reason == "ContainerCreating" || w.Reason == "PodInitializing" {
			continue
		}
		message = fmt.Sprintf("pod %s, container %s: %s: %s", pod.Name, s.Name, w.Reason, w.Message)
		if last := s.LastTerminationState.Terminated; last != nil {
			message += fmt.Sprintf(" (it ended with exit code %d, %s)", last.ExitCode, last.Reason)
		}
		switch w.Reason {
		case "CrashLoopBackOff":
			return message, s.RestartCount > 1
		case "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError", "ErrImageNeverPull":
			return message, true
		}
		return message, false
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			return fmt.Sprintf("pod %s: %s", pod.Name, condition.Message), false
		}
	}
	return "", false
}
